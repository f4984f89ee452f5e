-- An API says which clients are its own: they may look into tokens for it and hand them on. Until now every client that was
-- limited to an API by `resources` counted as that API, also one that was merely allowed to call it. Those that sign nobody
-- in keep counting, so that no API goes blind today; the next `signet apply` makes it what the file says (own_clients).
alter table resources add column own_clients text[] not null default '{}';
update resources r
set own_clients = array(
    select c.client_id
    from clients c
    where c.metadata -> 'resources' ? r.identifier
        and c.metadata ->> 'token_endpoint_auth_method' is distinct from 'none'
        and not coalesce(c.metadata -> 'grant_types', '["authorization_code"]') ?| array[
            'authorization_code',
            'implicit',
            'urn:ietf:params:oauth:grant-type:device_code',
            'urn:openid:params:grant-type:ciba'
        ]
    order by c.client_id
);
