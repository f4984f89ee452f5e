-- An app moves from one secret to the next without a moment in which none of its instances gets in: so it has several at
-- once, each with an end of its own. What an app had becomes the first row; `clients.secret_hash` and
-- `clients.secret_sealed` are read by processes of the former version only, emptied when the secrets change, and go in a
-- later migration.
create table client_secrets (
    id uuid primary key,
    client_id text not null references clients (client_id) on delete cascade,
    -- SHA-256, compared in constant time
    hash bytea not null,
    -- the secret itself, sealed; only for client_secret_jwt, whose MAC needs it
    sealed bytea,
    -- what people call it
    label text,
    -- how it begins, if it was made here: from a random secret so much may be seen
    hint text,
    created_at timestamptz not null,
    expires_at timestamptz,
    -- to the hour: the first use in it is written
    last_used_at timestamptz,
    constraint client_secrets_hash_is_sha256 check (octet_length(hash) = 32),
    constraint client_secrets_client_hash_key unique (client_id, hash)
);
create index client_secrets_client_idx on client_secrets (client_id, created_at);
create index client_secrets_expires_idx on client_secrets (expires_at) where expires_at is not null;

insert into client_secrets (id, client_id, hash, sealed, created_at)
select gen_random_uuid(), client_id, secret_hash, secret_sealed, updated_at
from clients
where secret_hash is not null;

-- a use changes nothing about who is let in
create trigger client_secrets_announce after insert or update of hash, sealed, expires_at or delete on client_secrets
    for each row execute function announce_row('client', 'client_id');
