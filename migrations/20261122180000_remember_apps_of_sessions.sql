-- Which apps took part in a session, so that they can be told when it ends (OIDC Back-Channel Logout §2.3). Grants do not
-- say it: they are swept once nothing that hangs on them can be valid any more, and a session outlives many of them.
create table session_clients (
    session_id uuid not null references sessions (id) on delete cascade,
    client_id text not null references clients (client_id) on delete cascade,
    since timestamptz not null,
    primary key (session_id, client_id)
);
create index session_clients_client_idx on session_clients (client_id);

-- The kinds of messages are those of the program that writes and reads them; a list here was a second one to keep in step.
alter table outbox drop constraint outbox_kind_known;
