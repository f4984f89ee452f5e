-- An API declares which authorization_details it understands (RFC 9396), each type with a JSON Schema.
alter table resources add column authorization_details_types jsonb not null default '[]';
