-- The core: people and what is asserted about them, apps and APIs, sessions, what was granted, and what must leave.
-- Bearer values are kept as SHA-256 only; recoverable secrets are sealed under the master key.
-- Every change that another process may have cached is announced on the channel `signet` as `kind:key`.

create table users (
    id uuid primary key,
    username text,
    status text not null default 'active',
    password_hash text,
    password_changed_at timestamptz,
    -- set: the password is a one-time one and must be replaced at the next sign-in
    password_expired_at timestamptz,
    -- resolved from facts; OIDC standard claims by their names
    profile jsonb not null default '{}',
    custom_data jsonb not null default '{}',
    locale text,
    version bigint not null default 1,
    origin text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_sign_in_at timestamptz,
    constraint users_status_known check (status in ('active', 'suspended')),
    constraint users_profile_is_object check (jsonb_typeof(profile) = 'object'),
    constraint users_custom_data_is_object check (jsonb_typeof(custom_data) = 'object')
);
create unique index users_username_key on users (lower(username));
-- an address belongs to at most one person once it is verified
create unique index users_verified_email_key on users (lower(profile ->> 'email'))
    where (profile ->> 'email_verified') = 'true';
create index users_email_idx on users (lower(profile ->> 'email'));
create unique index users_verified_phone_key on users ((profile ->> 'phone_number'))
    where (profile ->> 'phone_number_verified') = 'true';
create index users_phone_idx on users ((profile ->> 'phone_number'));
create index users_created_at_idx on users (created_at desc, id desc);
-- prefix search in the console
create index users_username_prefix_idx on users (lower(username) text_pattern_ops);
create index users_email_prefix_idx on users (lower(profile ->> 'email') text_pattern_ops);
create index users_name_prefix_idx on users (lower(profile ->> 'name') text_pattern_ops);

-- append-only: a retraction is a fact too (value null)
create table facts (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    attribute text not null,
    value jsonb,
    source text not null,
    source_id text,
    verified boolean not null default false,
    actor text,
    asserted_at timestamptz not null,
    constraint facts_source_known check (source in ('user', 'administrator', 'connector', 'import', 'api', 'hook'))
);
create index facts_user_idx on facts (user_id, attribute, asserted_at desc);

create table roles (
    id uuid primary key,
    name text not null,
    description text,
    -- pairs 'resource scope'
    permissions text[] not null default '{}',
    origin text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint roles_name_key unique (name)
);

create table user_roles (
    user_id uuid not null references users (id) on delete cascade,
    role_id uuid not null references roles (id) on delete cascade,
    primary key (user_id, role_id)
);
create index user_roles_role_idx on user_roles (role_id);

create table clients (
    client_id text primary key,
    -- RFC 7591 and OpenID Connect Registration names, and Signet's own
    metadata jsonb not null,
    -- SHA-256 of the client_secret, compared in constant time
    secret_hash bytea,
    -- the client_secret itself, sealed; only for client_secret_jwt, whose MAC needs it
    secret_sealed bytea,
    roles text[] not null default '{}',
    status text not null default 'active',
    version bigint not null default 1,
    origin text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint clients_status_known check (status in ('active', 'disabled')),
    constraint clients_secret_hash_is_sha256 check (octet_length(secret_hash) = 32)
);
create index clients_created_at_idx on clients (created_at desc, client_id desc);

create table resources (
    id uuid primary key,
    identifier text not null,
    name text,
    -- [{"name": …, "description": …}]
    scopes jsonb not null default '[]',
    access_token_format text not null default 'jwt',
    access_token_signing_alg text,
    access_token_lifetime_seconds integer,
    origin text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint resources_identifier_key unique (identifier),
    constraint resources_format_known check (access_token_format in ('jwt', 'opaque'))
);

create table claim_rules (
    id uuid primary key,
    name text not null,
    expression text not null,
    -- id_token, access_token, userinfo
    placement text[] not null,
    scopes text[] not null default '{}',
    clients text[] not null default '{}',
    resources text[] not null default '{}',
    origin text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint claim_rules_placement_known check (placement <@ array ['id_token', 'access_token', 'userinfo'])
);
create index claim_rules_name_idx on claim_rules (name);

-- a signed-in browser
create table sessions (
    id uuid primary key,
    token_hash bytea not null,
    user_id uuid not null references users (id) on delete cascade,
    auth_time timestamptz not null,
    amr text[] not null,
    acr text,
    user_agent text,
    address text,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint sessions_token_hash_key unique (token_hash)
);
create index sessions_user_idx on sessions (user_id, last_seen_at desc);
create index sessions_expires_idx on sessions (expires_at);

-- one authorization request on its way through the pages; bound to the browser that brought it
create table authorization_requests (
    id uuid primary key,
    browser_hash bytea not null,
    client_id text not null references clients (client_id) on delete cascade,
    parameters jsonb not null,
    -- what happened for this request: satisfies prompt and max_age
    authenticated_at timestamptz,
    session_id uuid references sessions (id) on delete set null,
    selected_at timestamptz,
    consented_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index authorization_requests_session_idx on authorization_requests (session_id) where session_id is not null;
create index authorization_requests_expires_idx on authorization_requests (expires_at);

create table consents (
    user_id uuid not null references users (id) on delete cascade,
    client_id text not null references clients (client_id) on delete cascade,
    scopes text[] not null,
    -- 'resource scope' pairs
    resource_scopes text[] not null default '{}',
    -- claim names asked for one by one with the claims parameter
    claims text[] not null default '{}',
    granted_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (user_id, client_id)
);
create index consents_client_idx on consents (client_id);

-- what one authorization gave one client; its codes and tokens hang on it and die with it
create table grants (
    id uuid primary key,
    client_id text not null references clients (client_id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    session_id uuid references sessions (id) on delete set null,
    scopes text[] not null,
    resources text[] not null default '{}',
    claims jsonb not null default '{}',
    nonce text,
    auth_time timestamptz not null,
    acr text,
    amr text[] not null default '{}',
    created_at timestamptz not null,
    -- the last moment at which anything that hangs on it can still be valid
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text
);
create index grants_user_idx on grants (user_id, client_id);
create index grants_session_idx on grants (session_id);
create index grants_client_idx on grants (client_id);
create index grants_expires_idx on grants (expires_at);

create table authorization_codes (
    code_hash bytea primary key,
    grant_id uuid not null references grants (id) on delete cascade,
    client_id text not null,
    redirect_uri text not null,
    -- whether the authorization request named it: then the token request must too (RFC 6749 §4.1.3)
    redirect_uri_given boolean not null,
    code_challenge text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    redeemed_at timestamptz
);
create index authorization_codes_grant_idx on authorization_codes (grant_id);
create index authorization_codes_expires_idx on authorization_codes (expires_at);

-- one row per family: rotation updates it in place
create table refresh_tokens (
    family_id uuid primary key,
    grant_id uuid not null references grants (id) on delete cascade,
    client_id text not null,
    generation integer not null default 0,
    current_hash bytea not null,
    previous_hash bytea,
    rotated_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
) with (fillfactor = 70);
create index refresh_tokens_grant_idx on refresh_tokens (grant_id);
-- expires_at moves with every rotation and has no index, so that a rotation stays a heap-only update; a family is swept
-- with its grant

-- opaque access tokens only; JWT access tokens leave no row
create table access_tokens (
    token_hash bytea primary key,
    grant_id uuid references grants (id) on delete cascade,
    client_id text not null references clients (client_id) on delete cascade,
    user_id uuid references users (id) on delete cascade,
    scopes text[] not null,
    audience text[] not null,
    claims jsonb not null default '{}',
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index access_tokens_grant_idx on access_tokens (grant_id);
create index access_tokens_user_idx on access_tokens (user_id) where user_id is not null;
create index access_tokens_expires_idx on access_tokens (expires_at);

-- JWT access tokens that were revoked before their time (RFC 7009), by SHA-256 of their jti
create table revoked_tokens (
    jti_hash bytea primary key,
    revoked_at timestamptz not null,
    expires_at timestamptz not null
);
create index revoked_tokens_expires_idx on revoked_tokens (expires_at);

-- jti values of client assertions, each good for one use (RFC 7523 §3)
create table used_jtis (
    jti_hash bytea primary key,
    expires_at timestamptz not null
);
create index used_jtis_expires_idx on used_jtis (expires_at);

create table signing_keys (
    kid text primary key,
    alg text not null,
    private_key_sealed bytea,
    public_jwk jsonb not null,
    created_at timestamptz not null,
    -- pending until then; from then on it signs
    active_at timestamptz not null,
    -- from then on it signs no more, but stays published
    retiring_at timestamptz,
    -- from then on it is out of the JWKS and its private half is gone
    retired_at timestamptz
);
create index signing_keys_alg_idx on signing_keys (alg, active_at desc);

create table registrations (
    id uuid primary key,
    browser_hash bytea not null,
    email text not null,
    username text,
    password_hash text not null,
    profile jsonb not null default '{}',
    locale text,
    authorization_request_id uuid references authorization_requests (id) on delete set null,
    link_hash bytea not null,
    code_hash bytea not null,
    attempts integer not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    completed_at timestamptz,
    constraint registrations_link_hash_key unique (link_hash)
);
create index registrations_expires_idx on registrations (expires_at);

-- single-use links that were mailed to a person
create table email_links (
    link_hash bytea primary key,
    purpose text not null,
    user_id uuid not null references users (id) on delete cascade,
    email text not null,
    authorization_request_id uuid references authorization_requests (id) on delete set null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint email_links_purpose_known check (purpose in ('reset_password', 'verify_email'))
);
create index email_links_user_idx on email_links (user_id);
create index email_links_expires_idx on email_links (expires_at);

-- counters that slow guessing down, shared by all processes; the key is hashed
create table throttles (
    key_hash bytea primary key,
    failures integer not null,
    last_failed_at timestamptz not null,
    blocked_until timestamptz not null,
    expires_at timestamptz not null
);
create index throttles_expires_idx on throttles (expires_at);

create table audit_events (
    id uuid primary key,
    at timestamptz not null,
    kind text not null,
    -- who did it: 'user:ID', 'client:ID', 'system', 'command'
    actor text not null,
    user_id uuid,
    client_id text,
    session_id uuid,
    address text,
    user_agent text,
    data jsonb not null default '{}'
);
create index audit_events_at_idx on audit_events (at desc, id desc);
create index audit_events_kind_idx on audit_events (kind, at desc, id desc);
create index audit_events_user_idx on audit_events (user_id, at desc, id desc);

create table outbox (
    id uuid primary key,
    kind text not null,
    -- sealed: mails carry links that are secrets
    payload_sealed bytea not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    created_at timestamptz not null,
    delivered_at timestamptz,
    failed_at timestamptz,
    last_error text,
    constraint outbox_kind_known check (kind in ('mail'))
);
create index outbox_due_idx on outbox (next_attempt_at) where delivered_at is null and failed_at is null;

-- single values that all processes share: schedule marks, the check value of the master key
create table settings (
    key text primary key,
    value jsonb not null,
    updated_at timestamptz not null
);

create function announce(kind text, key text) returns void
    language sql
    as $$ select pg_notify('signet', kind || ':' || key) $$;

create function announce_row() returns trigger
    language plpgsql
    as $$
declare
    row_json jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
    perform pg_notify('signet', tg_argv[0] || ':' || (row_json ->> tg_argv[1]));
    return null;
end
$$;

create trigger clients_announce after insert or update or delete on clients
    for each row execute function announce_row('client', 'client_id');
create trigger resources_announce after insert or update or delete on resources
    for each row execute function announce_row('resource', 'identifier');
create trigger roles_announce after insert or update or delete on roles
    for each row execute function announce_row('role', 'name');
create trigger claim_rules_announce after insert or update or delete on claim_rules
    for each row execute function announce_row('claim_rule', 'name');
create trigger signing_keys_announce after insert or update or delete on signing_keys
    for each row execute function announce_row('signing_key', 'alg');
-- not last_sign_in_at: a sign-in changes nothing that is cached
create trigger users_announce after update of username, status, profile, custom_data, locale or delete on users
    for each row execute function announce_row('user', 'id');
create trigger user_roles_announce after insert or update or delete on user_roles
    for each row execute function announce_row('user', 'user_id');
create trigger grants_announce after update of revoked_at or delete on grants
    for each row execute function announce_row('grant', 'id');
create trigger sessions_announce after update of ended_at or delete on sessions
    for each row execute function announce_row('session', 'id');
