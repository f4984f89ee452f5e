-- Whose assertions are taken as authorization grants (RFC 7523 §2.1): the operator names an issuer, its keys, which clients
-- may bring what it says, about whom and for what. Declared in resource files, so there are few.
create table trusted_issuers (
    issuer text primary key,
    terms jsonb not null,
    origin text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create trigger trusted_issuers_announce after insert or update or delete on trusted_issuers
    for each row execute function announce_row('trusted_issuer', 'issuer');
