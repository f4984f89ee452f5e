-- Clients may push their authorization requests beforehand (RFC 9126): the browser then carries a reference only. The
-- answer uses a row up, not the first visit, because people reload pages; and a row is kept until the pages of its last
-- visit are over, so that a second answer to it is refused.
create table pushed_requests (
    request_uri_hash bytea primary key,
    client_id text not null references clients (client_id) on delete cascade,
    -- names and values, as pushed or as the signed request object has them
    parameters jsonb not null,
    signed boolean not null,
    -- only of clients without credentials, whom nothing but their address holds to a number
    address_hash bytea,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    consumed_at timestamptz,
    kept_until timestamptz not null
);
create index pushed_requests_client_idx on pushed_requests (client_id);
create index pushed_requests_kept_idx on pushed_requests (kept_until);
create index pushed_requests_address_idx on pushed_requests (address_hash, created_at) where address_hash is not null;

-- the key that a code is bound to from the start (RFC 9449 §10)
alter table authorization_codes add column dpop_jkt text;

-- what a grant permits beyond scopes (RFC 9396)
alter table grants add column authorization_details jsonb not null default '[]';
