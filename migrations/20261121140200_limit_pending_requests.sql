-- Anybody may begin sign-ins, and each leaves a row until it expires. Rows say which address they came from, hashed, so
-- that one address can be held to so many; null where there is no limit.
alter table authorization_requests add column address_hash bytea;
create index authorization_requests_address_idx on authorization_requests (address_hash, created_at)
    where address_hash is not null;
