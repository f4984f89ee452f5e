-- A device without a browser asks, and its owner answers on another one (RFC 8628); an app asks behind the scenes, and
-- the person answers where they are (CIBA). Either way the client holds a secret and comes back with it until somebody
-- has decided: one table, one row a request. Grants hang on people's decisions as they do elsewhere.
create table deferred_authorizations (
    id uuid primary key,
    kind text not null,
    -- of device_code or auth_req_id
    secret_hash bytea not null,
    -- of what the person types in; only while a device waits
    user_code_hash bytea,
    client_id text not null references clients (client_id) on delete cascade,
    -- who is asked; null until somebody has come with the user code
    user_id uuid references users (id) on delete cascade,
    scopes text[] not null,
    resources text[] not null default '{}',
    -- shown on both ends, so that a person sees that they belong together
    binding_message text,
    -- where and under which bearer token the client wants to be told of the decision, sealed
    ping_sealed bytea,
    -- where the request came from
    address text,
    user_agent text,
    address_hash bytea,
    -- a client that comes back too soon has to wait longer from then on
    interval_seconds integer not null,
    polled_at timestamptz,
    grant_id uuid references grants (id) on delete cascade,
    denied_at timestamptz,
    redeemed_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint deferred_authorizations_kind_check check (kind in ('device', 'ciba')),
    constraint deferred_authorizations_secret_hash_key unique (secret_hash),
    constraint deferred_authorizations_user_code_hash_key unique (user_code_hash),
    constraint deferred_authorizations_decision_check check (grant_id is null or denied_at is null)
);
create index deferred_authorizations_client_idx on deferred_authorizations (client_id, created_at);
create index deferred_authorizations_user_idx on deferred_authorizations (user_id, created_at) where user_id is not null;
create index deferred_authorizations_grant_idx on deferred_authorizations (grant_id) where grant_id is not null;
create index deferred_authorizations_address_idx on deferred_authorizations (address_hash, created_at)
    where address_hash is not null;
create index deferred_authorizations_expires_idx on deferred_authorizations (expires_at);
