import { expect, test } from "bun:test";
import type { WorkerAnswer, WorkerQuestion } from "#node/answer-message.ts";
import { ANSWER_DEADLINE_MS, WorkerQuestions } from "#node/worker-questions.ts";
import { fakeTime } from "../../support/fake-time.ts";

function questions() {
  const sent: [id: number, question: WorkerQuestion][] = [];
  return { sent, questions: new WorkerQuestions((id, question) => void sent.push([id, question])) };
}

const answer: WorkerAnswer = { about: "routes", routes: [] };

test("each question has its own answer", async () => {
  const { sent, questions: one } = questions();
  const first = one.ask({ about: "routes" });
  const second = one.ask({ about: "metrics" });
  expect(sent).toEqual([
    [1, { about: "routes" }],
    [2, { about: "metrics" }],
  ]);
  const other: WorkerAnswer = { about: "sessions", page: { total: 0, sessions: [] } };
  one.answered(2, other);
  one.answered(1, answer);
  expect(await Promise.all([first, second])).toEqual([answer, other]);
});

test("a question without an answer in time has none, and one that comes later has no effect", async () => {
  const pass = fakeTime();
  const { questions: one } = questions();
  const asked = one.ask({ about: "routes" });
  pass(ANSWER_DEADLINE_MS);
  one.answered(1, answer);
  expect(await asked).toBeNull();
});

test("a process that has ended answers nothing", async () => {
  const { questions: one } = questions();
  const asked = one.ask({ about: "routes" });
  one.end();
  expect(await asked).toBeNull();
});

test("no more than twenty questions wait for a worker", async () => {
  const { sent, questions: one } = questions();
  const asked = Array.from({ length: 21 }, () => one.ask({ about: "routes" }));
  expect(await asked[20]).toBeNull();
  expect(sent).toHaveLength(20);
  one.end();
  await Promise.all(asked);
});
