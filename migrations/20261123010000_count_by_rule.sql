-- A sign-in sent the waits after 0, 1, 2 … failures for each of its counters: some hundred and fifty intervals, twice. They
-- follow from four values of the rule, so the functions take those. The functions of the same names with other parameters
-- are for servers of the version before, until a later migration drops them.

-- How long to wait after so many failures: none while they are free, then the first wait, which doubles up to the longest.
create function wait_after(failures integer, free integer, first_wait interval, max_wait interval) returns interval
    language sql
    immutable
    as $$
    select case
        when failures < free then interval '0'
        else make_interval(
            secs => least(
                extract(epoch from max_wait),
                extract(epoch from first_wait) * 2 ^ least(failures - free, 32)
            )::double precision
        )
    end
$$;

-- Counts the attempt as failed under one key after the other and stops at the first that has to wait. Counters stop at
-- `most`, so that they fade in bounded time. Free attempts are never refused: two at the same moment may come here in
-- another order than that of their clocks. It does not wait for the disk: the count is there for every process at once, and
-- all that a crash of the database can lose of it is a fraction of a second.
create function count_attempt(
    moment timestamptz,
    keys bytea[],
    free integer[],
    most integer[],
    first_wait interval[],
    max_wait interval[],
    forget_after interval[]
) returns table (counted boolean, until timestamptz)
    language plpgsql
    as $$
begin
    perform set_config('synchronous_commit', 'off', true);
    for i in 1 .. cardinality(keys) loop
        insert into throttles as kept (key_hash, failures, last_failed_at, blocked_until, expires_at)
        values (
            keys[i],
            1,
            moment,
            moment + wait_after(1, free[i], first_wait[i], max_wait[i]),
            moment + forget_after[i] + max_wait[i]
        )
        on conflict (key_hash) do update
        set (failures, last_failed_at, blocked_until, expires_at) = (
            select
                next.failures,
                moment,
                moment + wait_after(next.failures, free[i], first_wait[i], max_wait[i]),
                moment + forget_after[i] * next.failures + max_wait[i]
            from (
                select least(
                    1 + greatest(
                        0,
                        kept.failures - floor(
                            greatest(0, extract(epoch from moment - kept.last_failed_at))
                            / extract(epoch from forget_after[i])
                        )
                    ),
                    most[i]
                )::integer as failures
            ) as next
        )
        where kept.blocked_until <= moment
            or wait_after(kept.failures, free[i], first_wait[i], max_wait[i]) = interval '0'
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
-- keys come in the order in which they were counted, so that nobody waits for one another in a circle. The caller says
-- whether to wait for the disk.
create function settle_attempt(
    keys bytea[], forgotten boolean[], free integer[], first_wait interval[], max_wait interval[]
) returns void
    language plpgsql
    as $$
begin
    for i in 1 .. cardinality(keys) loop
        if forgotten[i] then
            delete from throttles where key_hash = keys[i];
        else
            update throttles
            set failures = greatest(failures - 1, 0),
                blocked_until = least(
                    blocked_until,
                    last_failed_at + wait_after(greatest(failures - 1, 0), free[i], first_wait[i], max_wait[i])
                )
            where key_hash = keys[i];
        end if;
    end loop;
end
$$;
