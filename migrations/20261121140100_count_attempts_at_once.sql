-- An attempt has several counters: the address, the name as typed, the person behind it. They are counted by one
-- statement, so that a sign-in waits for one round trip and not for four commits.
--
-- Both functions are for a transaction of their own. It does not wait for the disk: the count is there for every process
-- at once, and all that a crash of the database can lose of it is a fraction of a second.

-- Counts the attempt as failed under one key after the other and stops at the first that has to wait. `waits` holds what
-- to wait after 0, 1, 2 ... failures, for all keys in a row, `lengths` how many of them are of each key. Free attempts
-- are never refused: two at the same moment may come here in another order than that of their clocks.
create function count_attempt(
    moment timestamptz, keys bytea[], waits interval[], lengths integer[], forget_after interval[]
) returns table (counted boolean, until timestamptz)
    language plpgsql
    as $$
declare
    own_waits interval[];
    passed integer := 0;
begin
    perform set_config('synchronous_commit', 'off', true);
    for i in 1 .. cardinality(keys) loop
        own_waits := waits[passed + 1 : passed + lengths[i]];
        passed := passed + lengths[i];
        insert into throttles as kept (key_hash, failures, last_failed_at, blocked_until, expires_at)
        values (
            keys[i],
            1,
            moment,
            moment + own_waits[least(2, lengths[i])],
            moment + forget_after[i] + own_waits[lengths[i]]
        )
        on conflict (key_hash) do update
        set (failures, last_failed_at, blocked_until, expires_at) = (
            select
                next.failures,
                moment,
                moment + own_waits[next.failures + 1],
                moment + forget_after[i] * next.failures + own_waits[lengths[i]]
            from (
                select least(
                    1 + greatest(
                        0,
                        kept.failures - floor(
                            greatest(0, extract(epoch from moment - kept.last_failed_at))
                            / extract(epoch from forget_after[i])
                        )
                    ),
                    lengths[i] - 1
                )::integer as failures
            ) as next
        )
        where kept.blocked_until <= moment or own_waits[kept.failures + 1] = interval '0'
        returning kept.blocked_until into until;
        counted := found;
        if not counted then
            select kept.blocked_until into until from throttles kept where kept.key_hash = keys[i];
            -- cleared meanwhile: the owner has just signed in, so the wait is over in a moment
            until := coalesce(until, moment + interval '1 second');
        end if;
        return next;
        exit when not counted;
    end loop;
end
$$;

-- Says how a counted attempt ended: each key is forgotten, or gets the attempt back with the wait that it brought. The
-- keys come in the order in which they were counted, so that nobody waits for one another in a circle.
create function settle_attempt(keys bytea[], forgotten boolean[], waits interval[], lengths integer[]) returns void
    language plpgsql
    as $$
declare
    own_waits interval[];
    passed integer := 0;
begin
    perform set_config('synchronous_commit', 'off', true);
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
