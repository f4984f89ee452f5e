-- People who are asked whether an app may see a custom claim are shown what it is in words of their language: `title` and
-- `title#de`, as the operator wrote them.
alter table claim_rules add column titles jsonb not null default '{}';
