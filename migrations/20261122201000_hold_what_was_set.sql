-- What an administrator set in a client that registered itself stays when the client replaces its registration: the row
-- remembers which fields those are.
alter table client_registrations add column administered text[] not null default '{}';

-- Such clients may push only so many requests; counting them needs the time beside the client.
create index pushed_requests_client_created_idx on pushed_requests (client_id, created_at);
drop index pushed_requests_client_idx;
