-- Messages to apps take turns: the outbox has to know for whom a message is, or an app that never answers, and has many
-- waiting, stands before all others. Mail, and what an older process writes, says nobody.
alter table outbox add column recipient text not null default '';
create index outbox_recipient_idx on outbox (recipient, next_attempt_at) where delivered_at is null and failed_at is null;
