-- An app's secrets are rows of client_secrets. What was in clients before is read by no process any more; one of the version
-- before this one still empties it when secrets change, which it cannot until it is replaced: whatever else it does goes on.
alter table clients
    drop column secret_hash,
    drop column secret_sealed;
