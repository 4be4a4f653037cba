#!/usr/bin/env bash
# The memory event store of crossbar 26.10.1 keeps an event once for each of its subscribers.
#
# A realm with a store of type memory keeps the events of the topics in its event-history, and the procedure
# wamp.subscription.get_events returns them. Each delivery to a subscriber adds the event to the history again. So one
# publication is there as often as it had subscribers, and not at all if it had none, though the store is one that
# keeps what nobody was there to receive.
#
# Output, for the events that get_events returns after one publication:
#   > without a subscriber: 0
#   > with 1 subscriber: 1, of 1 publication
#   > with 2 subscribers: 2, of 1 publication
#   > with 3 subscribers: 3, of 1 publication
#
# For operators: the limit of a store counts deliveries. With 50 subscribers the default of 100 keeps two events. Programs
# that read the history have to leave out what has the same publication, and a program that comes back finds nothing of
# the time in which it was the only subscriber and away.
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
          "store": { "type": "memory", "event-history": [{ "uri": "com.example.news", "match": "prefix" }] },
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
cat > "$folder/history.py" <<'PYTHON'
import asyncio
import sys

import txaio

txaio.use_asyncio()
from autobahn.asyncio.component import Component
from autobahn.wamp.types import PublishOptions, SubscribeOptions

endpoint = {"type": "unix", "path": sys.argv[1]}


async def join():
    component = Component(
        realm="realm1", transports={"type": "websocket", "url": "ws://localhost/", "endpoint": endpoint}
    )
    joined = asyncio.get_running_loop().create_future()
    component.on("join", lambda session, details: joined.set_result(session))
    component.start(asyncio.get_running_loop())
    return await asyncio.wait_for(joined, 60)


async def main():
    publisher = await join()
    known = set()
    subscription = None
    for subscribers in range(4):
        if subscribers > 0:
            session = await join()
            options = SubscribeOptions(match="prefix")
            subscription = await session.subscribe(lambda *args: None, "com.example.news", options)
        await publisher.publish("com.example.news", 1, options=PublishOptions(acknowledge=True))
        if subscription is None:
            # The id of the subscription that the store itself has.
            found = await publisher.call("wamp.subscription.lookup", "com.example.news", {"match": "prefix"})
            kept = await publisher.call("wamp.subscription.get_events", found, 100)
            print(f"without a subscriber: {len(kept)}")
            continue
        kept = await publisher.call("wamp.subscription.get_events", subscription.id, 100)
        new = [event["publication"] for event in kept if event["publication"] not in known]
        known.update(new)
        plural = "" if subscribers == 1 else "s"
        print(f"with {subscribers} subscriber{plural}: {len(new)}, of {len(set(new))} publication")


asyncio.run(main())
PYTHON
"$folder/venv/bin/crossbar" start --cbdir "$folder/node" > "$folder/log" 2>&1 &
router=$!
for _ in $(seq 600); do
  grep -q NODE_BOOT_COMPLETE "$folder/log" && break
  sleep 0.2
done
seen=$(timeout 200 "$folder/venv/bin/python" "$folder/history.py" "$folder/node/router.sock" 2>> "$folder/log" || cat "$folder/log")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
