-- Who registers apps was counted by the apps that are there, so that deleting one gave back its place; and replacing what is
-- registered was not counted at all, though each time names new addresses and leaves a line in the audit trail. What was done
-- is now counted by rows of its own, under SHA-256 of the address or the client, which are of no other use and go after an
-- hour. Those of the last hour come along. A process of the former version, which may still run beside, writes none: what
-- it lets in counts for nobody, as what it let be deleted did.
create table registration_acts (
    id bigint generated always as identity primary key,
    subject_hash bytea not null,
    done_at timestamptz not null,
    constraint registration_acts_hash_is_sha256 check (octet_length(subject_hash) = 32)
);
create index registration_acts_subject_idx on registration_acts (subject_hash, done_at);
create index registration_acts_done_at_idx on registration_acts (done_at);

insert into registration_acts (subject_hash, done_at)
select address_hash, created_at
from client_registrations
where octet_length(address_hash) = 32
    and created_at > now() - interval '1 hour';
