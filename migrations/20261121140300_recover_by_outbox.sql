-- Asking for a new password only leaves a message; whether there is such a person is looked at later, so that the answer
-- takes the same work for everybody.
alter table outbox drop constraint outbox_kind_known;
alter table outbox add constraint outbox_kind_known check (kind in ('mail', 'recovery'));
