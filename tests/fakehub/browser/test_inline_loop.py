"""The event loop that runs inside the call that gives it work."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from fakehub.browser.loop import InlineLoop


@pytest.fixture
def loop():
    made = InlineLoop()
    yield made
    made.close()


def submit(loop, coroutine):
    """Give ``loop`` a coroutine as zarr and fsspec do. It is done already, because no other thread could finish it."""
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    assert future.done()
    return future


async def after(seconds, value):
    await asyncio.sleep(seconds)
    return value


def test_the_result_is_there_at_once(loop):
    assert submit(loop, after(0, "salinity")).result() == "salinity"
    assert not loop.is_running()


def test_timers_are_waited_for_in_their_order(loop):
    order = []

    async def add(seconds):
        order.append(await after(seconds, seconds))

    async def all_of_them():
        await asyncio.gather(add(0.03), add(0.01), add(0.02))

    started = loop.time()
    submit(loop, all_of_them()).result()

    assert order == [0.01, 0.02, 0.03]
    assert loop.time() - started >= 0.03


def test_a_task_that_nobody_awaits_is_finished(loop):
    done, kept = [], []

    async def later():
        done.append(await after(0.01, "written"))

    async def begin():
        kept.append(asyncio.get_running_loop().create_task(later()))

    submit(loop, begin()).result()

    assert done == ["written"]


def test_a_timer_without_a_task_does_not_keep_the_caller(loop):
    async def begin():
        asyncio.get_running_loop().call_later(3600, print)

    submit(loop, begin()).result()


def test_an_exception_reaches_the_caller_and_the_loop_goes_on(loop):
    async def fail():
        await asyncio.sleep(0)
        raise ValueError("not a store")

    with pytest.raises(ValueError, match="not a store"):
        submit(loop, fail()).result()
    assert submit(loop, after(0, 1)).result() == 1


def test_one_of_several_fails(loop):
    async def fail():
        raise OSError("no space")

    async def all_of_them():
        return await asyncio.gather(after(0.01, 1), fail(), return_exceptions=True)

    one, error = submit(loop, all_of_them()).result()

    assert one == 1 and isinstance(error, OSError)


def test_a_cancelled_task_ends(loop):
    ended = []

    async def wait():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("cleaned up")

    async def cancel():
        task = asyncio.get_running_loop().create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert submit(loop, cancel()).result()
    assert ended == ["cleaned up"]


def test_a_time_limit_cancels(loop):
    with pytest.raises(asyncio.TimeoutError):
        submit(loop, asyncio.wait_for(asyncio.sleep(3600), 0.01)).result()


def test_a_cancelled_submission(loop):
    """A caller can cancel only unfinished work, and with this loop nothing is unfinished."""
    assert not submit(loop, after(0, 1)).cancel()


def test_loops_inside_each_other(loop):
    """xarray reads through zarr's loop, and fsspec's loop sends the requests inside it."""
    inner, innermost = InlineLoop(), InlineLoop()

    async def sends():
        assert asyncio.get_running_loop() is innermost
        return await after(0.01, "chunk")

    async def reads():
        before = asyncio.current_task()
        chunk = submit(innermost, sends()).result()
        assert asyncio.current_task() is before
        assert asyncio.get_running_loop() is inner
        await asyncio.sleep(0)
        return chunk

    async def opens():
        before = asyncio.current_task()
        chunks = [submit(inner, reads()).result() for _ in range(3)]
        assert asyncio.current_task() is before
        assert asyncio.get_running_loop() is loop
        return chunks

    assert submit(loop, opens()).result() == ["chunk"] * 3
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_an_error_in_an_inner_loop_leaves_the_outer_one_running(loop):
    inner = InlineLoop()

    async def fail():
        raise KeyError("sst")

    async def opens():
        with pytest.raises(KeyError):
            submit(inner, fail()).result()
        return await after(0.01, "another")

    assert submit(loop, opens()).result() == "another"


def test_work_for_the_loop_that_runs_already_waits_its_turn(loop):
    order = []

    async def begin():
        asyncio.run_coroutine_threadsafe(add("second"), asyncio.get_running_loop())
        order.append("first")

    async def add(name):
        order.append(name)

    submit(loop, begin()).result()

    assert order == ["first", "second"]


def test_context_variables_are_those_of_the_caller(loop):
    name = contextvars.ContextVar("name", default="nobody")
    name.set("funky-user")

    async def read():
        return name.get()

    assert submit(loop, read()).result() == "funky-user"


def test_an_executor_is_the_calling_thread(loop):
    async def work():
        running = asyncio.get_running_loop()
        thread = await running.run_in_executor(None, threading.get_ident)
        with pytest.raises(ZeroDivisionError):
            await running.run_in_executor(None, lambda: 1 / 0)
        return thread, await asyncio.to_thread(threading.get_ident)

    assert submit(loop, work()).result() == (threading.get_ident(),) * 2


def test_a_loop_also_runs_until_complete(loop):
    assert loop.run_until_complete(after(0.01, 2)) == 2
