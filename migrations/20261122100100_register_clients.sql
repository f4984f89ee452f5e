-- Programs register themselves (RFC 7591) and manage what they registered (RFC 7592). What an operator hands out for the
-- one and a client holds for the other are bearer tokens, so both are kept as SHA-256. The address is there to hold one
-- stranger to so many clients; it is hashed and of no other use.
create table initial_access_tokens (
    id uuid primary key,
    token_hash bytea not null,
    note text,
    -- how many clients may still be registered with it; null: any number
    uses_left integer,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint initial_access_tokens_hash_key unique (token_hash),
    constraint initial_access_tokens_hash_is_sha256 check (octet_length(token_hash) = 32),
    constraint initial_access_tokens_uses_count check (uses_left >= 0)
);
create index initial_access_tokens_expires_idx on initial_access_tokens (expires_at);

create table client_registrations (
    client_id text primary key references clients (client_id) on delete cascade,
    token_hash bytea not null,
    address_hash bytea,
    created_at timestamptz not null,
    constraint client_registrations_hash_is_sha256 check (octet_length(token_hash) = 32)
);
create index client_registrations_address_idx on client_registrations (address_hash, created_at)
    where address_hash is not null;
create index client_registrations_created_at_idx on client_registrations (created_at);
