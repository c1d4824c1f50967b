import {expect, test} from "vitest";

import {bodyFile, describe as describeRequest} from "../../src/worker-parts/capture/copy";

function described(headers: Record<string, string>) {
    const request = new Request("https://site.test/api/notes/?a=1", {method: "POST", headers});
    return describeRequest(request, "X-CSRFToken", "header");
}

async function stored(body: BodyInit): Promise<string> {
    const request = new Request("https://site.test/", {method: "POST", body});
    const file = bodyFile(await request.arrayBuffer(), request.headers.get("Content-Type") ?? "");
    return new TextDecoder("latin1").decode(file!.content);
}

test("a request is kept with its query and the headers that mean something", () => {
    expect(described({"Content-Type": "application/json", "If-Match": '"v1"', "X-Requested-With": "htmx"})).toEqual({
        method: "POST", path: "/api/notes/?a=1", verdict: "header",
        headers: [["content-type", "application/json"], ["if-match", '"v1"'], ["x-requested-with", "htmx"]],
    });
});

test.each([
    "X-CSRFToken", "Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Session-Id", "X-Password", "Client-Secret", "BGSync-Owner",
])("never with %s", (name) => {
    expect(described({[name]: "secret"}).headers).toEqual([]);
});

test("nor with a CSRF header of another name", () => {
    const request = new Request("https://site.test/", {method: "POST", headers: {"X-Mine": "secret"}});
    expect(describeRequest(request, "X-MINE", "header").headers).toEqual([]);
});

test("nothing is nothing", () => {
    expect(bodyFile(new ArrayBuffer(0), "")).toBeNull();
});

test("bytes stay what they are", async () => {
    const bytes = Uint8Array.from({length: 256}, (_, i) => i);
    const file = bodyFile(bytes.buffer, "application/octet-stream")!;
    expect([file.size, [...new Uint8Array(file.content)]]).toEqual([256, [...bytes]]);
});

test("a form is kept without its CSRF token", async () => {
    const fields = "text=a%20b&csrfmiddlewaretoken=secret&tag=x&tag=y";
    expect(await stored(new URLSearchParams(fields))).toBe("text=a+b&tag=x&tag=y");
});

test.each(["first", "last", "alone"])("so is a form with files, the token %s", async (place) => {
    const form = new FormData();
    if (place !== "last") form.append("csrfmiddlewaretoken", "secret");
    if (place !== "alone") form.append("photo", new Blob([Uint8Array.of(0, 255, 13, 10, 128)]), "photo.png");
    if (place === "last") form.append("csrfmiddlewaretoken", "secret");
    const request = new Request("https://site.test/", {method: "POST", body: form});
    const type = request.headers.get("Content-Type")!;
    const file = bodyFile(await request.arrayBuffer(), type);
    const kept = await new Response(file!.content, {headers: {"Content-Type": type}}).formData();
    expect([...kept.keys()]).toEqual(place === "alone" ? [] : ["photo"]);
    if (place === "alone") return;
    expect([...new Uint8Array(await (kept.get("photo") as File).arrayBuffer())]).toEqual([0, 255, 13, 10, 128]);
});

test("a field that only speaks of the token stays", async () => {
    const form = new FormData();
    form.append("text", 'name="csrfmiddlewaretoken"');
    expect(await stored(form)).toContain('name="csrfmiddlewaretoken"');
});
