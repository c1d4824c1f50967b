import {describe, expect, test} from "vitest";

import {read} from "../../src/shared/context/exchange";
import {judge, type Verdict} from "../../src/shared/vocabulary/verdict";
import {FakeServer, json, page, problem, result} from "./support/server";

const NOW = Date.parse("2026-11-20T10:00:00Z");
const server = new FakeServer(() => NOW);
const answer = (...ids: string[]) => server.answer(ids.map((id) => result(id)));

async function verdict(response: Response, sent = ["a", "b"]): Promise<Verdict> {
    return judge(await read(response), sent, NOW);
}

test("our header, our JSON and a result per id are an answer", async () => {
    expect(await verdict(json(answer("b", "a", "c")))).toMatchObject({kind: "answer"});
    expect(await verdict(json(answer()), [])).toMatchObject({kind: "answer"});
});

describe("anything less says nothing about any item", () => {
    const {bgsync: _, ...unmarked} = answer("a", "b");
    const {owner: __, ...nameless} = answer("a", "b");
    const withBody = (body: string, type = "application/json") => (
        new Response(body, {headers: {"Content-Type": type, "X-BGSync": "1"}})
    );
    test.each<[string, Response]>([
        ["a captive portal's page", page()],
        ["HTML with our header", withBody("<html>", "text/html")],
        ["our JSON as HTML", withBody(JSON.stringify(answer("a", "b")), "text/html")],
        ["a foreign {}", new Response("{}", {headers: {"Content-Type": "application/json"}})],
        ["our JSON without our header", new Response(JSON.stringify(answer("a", "b")), {headers: {"Content-Type": "application/json"}})],
        ["our header on a foreign {}", json({})],
        ["JSON without our mark", json(unmarked)],
        ["JSON without an owner", json(nameless)],
        ["truncated JSON", withBody('{"bgsync": 1, "results": [{"id": "a"')],
        ["a missing result", json(answer("a"))],
        ["results that are none", json({...answer("a", "b"), results: [null, 1]})],
        ["results that are no list", json({...answer(), results: {}})],
        ["news that are no list", json({...answer("a", "b"), settled: {}})],
        ["news without an id", json({...answer("a", "b"), settled: [null]})],
        ["another success", json(answer("a", "b"), {status: 201})],
        ["a proxy's 502", page(502)],
        ["a foreign 401", page(401)],
        ["a foreign 409", page(409)],
        ["a foreign 404", page(404)],
        ["a redirect that was not followed", Response.error()],
    ])("%s", async (_name, response) => {
        expect(await verdict(response)).toMatchObject({kind: "unreachable"});
    });
});

describe("our problems", () => {
    test.each<[number, string, Partial<Verdict>]>([
        [400, "invalid_envelope", {kind: "refused", divisible: true}],
        [401, "not_authenticated", {kind: "blocked"}],
        [401, "client_revoked", {kind: "blocked"}],
        [403, "csrf_failed", {kind: "csrf_failed"}],
        [403, "permission_denied", {kind: "refused", divisible: false}],
        [409, "in_flight", {kind: "refused", divisible: false}],
        [413, "too_large", {kind: "refused", divisible: true}],
        [415, "unsupported_media_type", {kind: "refused", divisible: false}],
        [426, "protocol_unsupported", {kind: "refused", divisible: false}],
        [503, "unavailable", {kind: "refused", divisible: false}],
    ])("%i %s", async (status, code, expected) => {
        expect(await verdict(problem(status, code))).toMatchObject(expected);
    });

    test("wrong_owner names whose session it is", async () => {
        expect(await verdict(problem(409, "wrong_owner", {owner: "B"}))).toEqual({kind: "wrong_owner", owner: "B"});
        expect(await verdict(problem(409, "wrong_owner"))).toEqual({kind: "wrong_owner", owner: undefined});
    });

    test("a code in the detail is not a status", async () => {
        expect(await verdict(problem(503, "unavailable", {detail: "order 4001"}, "9"))).toMatchObject({kind: "busy"});
    });
});

describe("a server that asks for time gets it", () => {
    test.each([429, 503])("%i with Retry-After", async (status) => {
        expect(await verdict(problem(status, "throttled", {}, "7"))).toEqual({kind: "busy", delay: 7_000, ours: true});
    });

    test("a proxy's 503 too", async () => {
        const down = new Response("", {status: 503, headers: {"Retry-After": "Fri, 20 Nov 2026 10:02:00 GMT"}});
        expect(await verdict(down)).toEqual({kind: "busy", delay: 120_000, ours: false});
    });
});

test("a foreign 413 asks for less", async () => {
    expect(await verdict(page(413))).toMatchObject({kind: "unreachable", divisible: true});
});
