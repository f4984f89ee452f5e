-- A sign-in that succeeds settles its counters in the statement that begins the session, which has to be durable. So it is
-- the caller that says whether to wait for the disk, and no longer the function.

create or replace function settle_attempt(keys bytea[], forgotten boolean[], waits interval[], lengths integer[]) returns void
    language plpgsql
    as $$
declare
    own_waits interval[];
    passed integer := 0;
begin
    for i in 1 .. cardinality(keys) loop
        own_waits := waits[passed + 1 : passed + lengths[i]];
        passed := passed + lengths[i];
        if forgotten[i] then
            delete from throttles where key_hash = keys[i];
        else
            update throttles
            set failures = greatest(failures - 1, 0),
                blocked_until = least(
                    blocked_until,
                    last_failed_at + own_waits[least(greatest(failures - 1, 0) + 1, lengths[i])]
                )
            where key_hash = keys[i];
        end if;
    end loop;
end
$$;
