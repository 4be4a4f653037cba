import { expect, jest, test } from "bun:test";
import { RetiredServices } from "#transport/web/retired-services.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { fakeTime } from "../../../support/fake-time.ts";

/** A service that is closed by its name. */
function services() {
  const closed: string[] = [];
  const made = (name: string, isInUse?: () => boolean): WebService => ({
    handle: () => ({ status: 200, headers: {}, body: null }),
    close: () => void closed.push(name),
    ...(isInUse && { isInUse }),
  });
  return { closed, made };
}

test("a service is closed when it is not in use any more, and not before its answers are over", () => {
  fakeTime();
  const { closed, made } = services();
  const retired = new RetiredServices();
  let isInUse = true;
  retired.add([made("idle"), made("used", () => isInUse)]);
  jest.advanceTimersByTime(59_999);
  expect(closed).toEqual([]);
  jest.advanceTimersByTime(120_000);
  expect(closed).toEqual(["idle"]);
  isInUse = false;
  jest.advanceTimersByTime(60_000);
  expect(closed).toEqual(["idle", "used"]);
});

test("all are closed with the transport, once", () => {
  fakeTime();
  const { closed, made } = services();
  const retired = new RetiredServices();
  retired.add([]);
  retired.add([made("used", () => true)]);
  retired.close();
  jest.advanceTimersByTime(120_000);
  expect(closed).toEqual(["used"]);
});
