#!/usr/bin/env bash
# The memory event store of crossbar 26.10.1 makes a subscriber miss live events once its limit is exceeded.
#
# The store keeps an event once for each subscriber. Beyond its limit it forgets the oldest entry, and with the first entry
# of an event the event itself. While another entry of that event is left, wamp.subscription.get_events fails. When
# that entry's turn comes, the store raises a KeyError amid the delivery of another event, and the subscribers that had
# not got that one do not get it. The publisher gets its acknowledgement.
#
# Output, for 9 events to 2 subscribers:
#   > limit 100: 18 of 18 deliveries, get_events works after each event
#   > limit 3: 15 of 18 deliveries, get_events fails with wamp.error.runtime_error after event 2 5 8
#
# For operators: with a store, subscribers can miss events that clients without a store get. Let the limit be one that is
# never reached, or let a topic with history have one subscriber alone.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
router=
trap 'if [ -n "$router" ]; then kill "$router"; wait "$router" || true; fi; rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 900 "$folder/venv/bin/pip" install --quiet crossbar==26.10.1 autobahn==26.10.2 2> /dev/null

mkdir "$folder/node"
cat > "$folder/node/config.json" <<'JSON'
{
  "version": 2,
  "workers": [
    {
      "type": "router",
      "realms": [
        {
          "name": "realm1",
          "store": {
            "type": "memory",
            "event-history": [
              { "uri": "com.example.long", "limit": 100 },
              { "uri": "com.example.short", "limit": 3 }
            ]
          },
          "roles": [
            {
              "name": "anonymous",
              "permissions": [
                { "uri": "", "match": "prefix", "allow": { "call": true, "publish": true, "subscribe": true } }
              ]
            }
          ]
        }
      ],
      "transports": [{ "type": "websocket", "endpoint": { "type": "unix", "path": "router.sock" } }]
    }
  ]
}
JSON
cat > "$folder/limits.py" <<'PYTHON'
import asyncio
import sys

import txaio

txaio.use_asyncio()
from autobahn.asyncio.component import Component
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import PublishOptions

EVENTS = 9
endpoint = {"type": "unix", "path": sys.argv[1]}


async def join():
    component = Component(
        realm="realm1", transports={"type": "websocket", "url": "ws://localhost/", "endpoint": endpoint}
    )
    joined = asyncio.get_running_loop().create_future()
    component.on("join", lambda session, details: joined.set_result(session))
    component.start(asyncio.get_running_loop())
    return await asyncio.wait_for(joined, 60)


async def run(topic, limit):
    publisher = await join()
    subscribers = [await join(), await join()]
    received = []
    for session in subscribers:
        subscription = await session.subscribe(received.append, topic)
    failures, uris = [], set()
    for number in range(1, EVENTS + 1):
        await publisher.publish(topic, number, options=PublishOptions(acknowledge=True))
        try:
            await publisher.call("wamp.subscription.get_events", subscription.id, 100)
        except ApplicationError as error:
            failures.append(str(number))
            uris.add(error.error)
    # What was sent to a subscriber comes before the answer to its call.
    for session in subscribers:
        await session.call("wamp.session.count")
    history = f"fails with {' '.join(uris)} after event {' '.join(failures)}" if failures else "works after each event"
    print(f"limit {limit}: {len(received)} of {EVENTS * len(subscribers)} deliveries, get_events {history}")


async def main():
    await run("com.example.long", 100)
    await run("com.example.short", 3)


asyncio.run(main())
PYTHON
"$folder/venv/bin/crossbar" start --cbdir "$folder/node" > "$folder/log" 2>&1 &
router=$!
for _ in $(seq 600); do
  grep -q NODE_BOOT_COMPLETE "$folder/log" && break
  sleep 0.2
done
seen=$(timeout 200 "$folder/venv/bin/python" "$folder/limits.py" "$folder/node/router.sock" 2>> "$folder/log" || cat "$folder/log")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
