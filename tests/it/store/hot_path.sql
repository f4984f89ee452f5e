-- what tests/it/store/hot_path.rs fills the tables with
create function uuid_of(n bigint) returns uuid language sql immutable
    as $$ select lpad(to_hex(n), 32, '0')::uuid $$;
create function hash_of(n bigint) returns bytea language sql immutable
    as $$ select sha256(convert_to(n::text, 'utf8')) $$;
insert into clients (client_id, metadata, created_at, updated_at)
    select 'app' || n, '{}', now(), now() from generate_series(1, 2000) n;
insert into client_secrets (id, client_id, hash, created_at)
    select uuid_of(n), 'app' || n, hash_of(n), now() from generate_series(1, 2000) n;
insert into users (id, username, profile, created_at, updated_at, password_hash)
    select uuid_of(n), 'user' || n, jsonb_build_object(
        'email', 'mail' || n || '@example.com', 'email_verified', n % 2 = 0, 'name', 'Name ' || n,
        'phone_number', '+' || n, 'phone_number_verified', n % 2 = 0
    ), now() + n * interval '1 second', now(), '$'
    from generate_series(1, 20000) n;
insert into facts (id, user_id, attribute, value, source, asserted_at)
    select uuid_of(n), uuid_of(n), 'profile.name', '1', 'user', now() from generate_series(1, 20000) n;
insert into sessions (id, token_hash, user_id, auth_time, amr, created_at, last_seen_at, expires_at)
    select uuid_of(n), hash_of(n), uuid_of(n), '2026-11-20', '{pwd}', '2026-11-20', '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into client_registrations (client_id, token_hash, created_at)
    select 'app' || n, hash_of(n), '2026-11-20' from generate_series(1, 2000) n;
insert into session_clients (session_id, client_id, since)
    select uuid_of(n), 'app' || 1 + n % 100, '2026-11-20' from generate_series(1, 20000) n;
insert into authorization_requests (id, browser_hash, client_id, parameters, session_id, created_at, expires_at)
    select uuid_of(n), hash_of(n), 'app1', '{}', uuid_of(n), '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into pushed_requests (
    request_uri_hash, client_id, parameters, signed, address_hash, created_at, expires_at, kept_until
)
    select hash_of(n), 'app1', '[]', false, hash_of(n % 100), '2026-11-20', '2027-01-01', '2027-01-01'
    from generate_series(1, 20000) n;
insert into consents (user_id, client_id, scopes, granted_at, updated_at)
    select uuid_of(n), 'app1', '{openid}', now(), now() from generate_series(1, 20000) n;
insert into grants (id, client_id, user_id, session_id, scopes, auth_time, created_at, expires_at)
    select uuid_of(n), 'app1', uuid_of(n), uuid_of(n), '{openid}', '2026-11-20', '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into authorization_codes (code_hash, grant_id, client_id, redirect_uri, redirect_uri_given, created_at, expires_at)
    select hash_of(n), uuid_of(n), 'app1', 'https://app.example', true, '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into deferred_authorizations (id, kind, secret_hash, user_code_hash, client_id, user_id, scopes, interval_seconds,
    grant_id, address_hash, created_at, expires_at)
    select uuid_of(n), 'device', hash_of(n), hash_of(n), 'app1', uuid_of(n), '{openid}', 5,
        case when n % 2 = 0 then uuid_of(n) end, hash_of(n), '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into refresh_tokens (family_id, grant_id, client_id, current_hash, created_at, expires_at)
    select uuid_of(n), uuid_of(n), 'app1', hash_of(n), '2026-11-20', '2027-01-01' from generate_series(1, 20000) n;
insert into access_tokens (token_hash, grant_id, client_id, user_id, scopes, audience, issued_at, expires_at)
    select hash_of(n), uuid_of(n), 'app1', uuid_of(n), '{openid}', '{}', '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into revoked_tokens (jti_hash, revoked_at, expires_at)
    select hash_of(n), '2026-11-20', '2027-01-01' from generate_series(1, 20000) n;
insert into used_jtis (jti_hash, expires_at)
    select hash_of(n), '2027-01-01' from generate_series(1, 20000) n;
insert into registrations (id, browser_hash, email, password_hash, link_hash, code_hash, created_at, expires_at)
    select uuid_of(n), hash_of(n), 'x', 'x', hash_of(n), hash_of(n), '2026-11-20', '2027-01-01'
    from generate_series(1, 20000) n;
insert into email_links (link_hash, purpose, user_id, email, created_at, expires_at)
    select hash_of(n), 'reset_password', uuid_of(n), 'x', '2026-11-20', '2027-01-01' from generate_series(1, 20000) n;
insert into initial_access_tokens (id, token_hash, created_at, expires_at)
    select uuid_of(n), hash_of(n), '2026-11-20', '2027-01-01' from generate_series(1, 20000) n;
insert into throttles (key_hash, failures, last_failed_at, blocked_until, expires_at)
    select hash_of(n), 1, '2026-11-20', '2026-11-20', '2027-01-01' from generate_series(1, 20000) n;
insert into registration_acts (subject_hash, done_at)
    select hash_of(n), '2026-11-20'::timestamptz + n * interval '1 second' from generate_series(1, 20000) n;
insert into audit_events (id, at, kind, actor, user_id)
    select uuid_of(n), '2026-11-20'::timestamptz + n * interval '1 second', 'kind' || n % 50, 'system', uuid_of(n % 2000)
    from generate_series(1, 20000) n;
analyze;
