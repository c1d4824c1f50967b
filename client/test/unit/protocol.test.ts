import {readFileSync} from "node:fs";

import {expect, test} from "vitest";

import {read} from "../../src/shared/context/exchange";
import type {Answer, Envelope, Problem, Session} from "../../src/shared/vocabulary/protocol";
import {judge} from "../../src/shared/vocabulary/verdict";
import {FakeContext, START} from "./support/device";
import {json} from "./support/server";

/** The same files are read by the server's tests. */
function fixture<T>(name: string): T {
    const url = new URL(`../../../tests/fixtures/protocol/${name}.json`, import.meta.url);
    return JSON.parse(readFileSync(url, "utf8")) as T;
}

test("what we send has the members of the full request, and no others", async () => {
    const device = await new FakeContext().signedIn();
    await device.write();
    await device.flush();
    const full = fixture<Envelope>("request-full");
    const [sent] = device.server.envelopes;
    expect(shape(sent)).toEqual(shape(full));
    expect(shape(sent!.client)).toEqual(shape(full.client));
    expect(shape(sent!.client.capabilities)).toEqual(shape(full.client.capabilities));
    expect(shape(sent!.client.outbox)).toEqual(shape(full.client.outbox));
    expect(shape(sent!.items[0])).toEqual(shape(full.items[0]));
});

test("a full answer is a verdict", async () => {
    const answer = fixture<Answer>("answer");
    const ids = answer.results.map(({id}) => id);
    expect(judge(await read(json(answer)), ids, START)).toEqual({kind: "answer", answer});
});

test("a session is understood", async () => {
    const device = new FakeContext();
    const session = fixture<Session>("session");
    device.server.sessions = () => json(session);
    await device.session.run();
    expect(await device.device()).toMatchObject({owner: session.owner, limits: session.limits, clock: 250});
});

const KINDS: Record<string, string> = {
    not_authenticated: "blocked", client_revoked: "blocked", csrf_failed: "csrf_failed", wrong_owner: "wrong_owner",
    throttled: "busy", unavailable: "busy",
};

interface ProblemFixture {
    status: number;
    headers: Record<string, string>;
    body: Problem;
}

test.each(fixture<ProblemFixture[]>("problems").map((problem) => [problem.body.code, problem] as const))(
    "%s is understood", async (code, {status, headers, body}) => {
        const response = json(body, {status, headers: {...headers, "Content-Type": "application/problem+json"}});
        expect(judge(await read(response), ["a"], START)).toMatchObject({kind: KINDS[code] ?? "refused"});
    },
);

function shape(value: unknown): string[] {
    return Object.keys(value as object).sort();
}
