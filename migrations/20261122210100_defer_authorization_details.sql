-- Devices, and apps that ask behind the scenes, may ask for authorization_details too (RFC 9396 §3): they wait with the rest
-- for the person to see them.
alter table deferred_authorizations add column authorization_details jsonb not null default '[]';
