import {execFileSync} from "node:child_process";
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {fileURLToPath} from "node:url";
import {runInNewContext} from "node:vm";

import {build} from "esbuild";
import {afterAll, beforeAll, expect, test} from "vitest";

const CLIENT = fileURLToPath(new URL("../..", import.meta.url));
const CONSUMER = fileURLToPath(new URL("consumer", import.meta.url));
const SLOW = 180_000;

let project: string;
let packed: string[];

/** A project that has installed what npm would publish. */
beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), "bgsync-consumer-"));
    const [{filename, files}] = JSON.parse(
        execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", project], {cwd: CLIENT, encoding: "utf8"}),
    ) as [{filename: string; files: {path: string}[]}];
    packed = files.map(({path}) => path);
    const modules = join(project, "node_modules");
    mkdirSync(modules);
    execFileSync("tar", ["-xzf", join(project, filename), "-C", modules]);
    execFileSync("mv", [join(modules, "package"), join(modules, "django-bgsync")]);
    const {dependencies} = JSON.parse(readFileSync(join(modules, "django-bgsync/package.json"), "utf8")) as {dependencies: object};
    for (const name of Object.keys(dependencies)) symlinkSync(join(CLIENT, "node_modules", name), join(modules, name));
    for (const name of ["page.ts", "worker.ts"]) copyFileSync(join(CONSUMER, name), join(project, name));
    writeFileSync(join(project, "package.json"), '{"type": "module"}');
}, SLOW);

afterAll(() => rmSync(project, {recursive: true}));

test("npm gets two modules, their types, and what says what they are", () => {
    expect(packed.filter((path) => !path.startsWith("dist/types/")).sort())
        .toEqual(["README.md", "dist/LICENSE", "dist/page.js", "dist/worker.js", "package.json"]);
    const types = packed.filter((path) => path.startsWith("dist/types/"));
    expect(types).toEqual(expect.arrayContaining(["dist/types/page/npm.d.ts", "dist/types/worker/npm.d.ts"]));
    expect(types.filter((path) => !path.endsWith(".d.ts"))).toEqual([]);
});

test("its number is that of the Django package", () => {
    const python = readFileSync(join(CLIENT, "../django_bgsync/__init__.py"), "utf8") + readFileSync(join(CLIENT, "../pyproject.toml"), "utf8");
    const {version} = JSON.parse(readFileSync(join(CLIENT, "package.json"), "utf8")) as {version: string};
    expect(python).toContain(`version = "${version}"`);
});

test.each([["page", "bundler", "DOM"], ["worker", "node16", "WebWorker"]])("a project's %s is type-checked (%s)", (entry, resolution, lib) => {
    const config = join(project, `tsconfig.${entry}.${resolution}.json`);
    const module = resolution === "bundler" ? "ESNext" : "Node16";
    const compilerOptions = {
        strict: true, noEmit: true, module, moduleResolution: resolution, target: "ES2022", lib: ["ES2022", lib], types: [],
    };
    writeFileSync(config, JSON.stringify({compilerOptions, files: [`${entry}.ts`]}));
    const tsc = join(CLIENT, "node_modules/typescript/bin/tsc");
    let complaints = "";
    try {
        execFileSync(process.execPath, [tsc, "-p", config], {encoding: "utf8"});
    } catch (error) {
        complaints = (error as {stdout: string}).stdout;
    }
    expect(complaints).toBe("");
}, SLOW);

async function bundled(entry: string): Promise<string> {
    const {outputFiles} = await build({
        absWorkingDir: project, entryPoints: [`${entry}.ts`], bundle: true, format: "iife", write: false, target: "es2022",
    });
    return outputFiles[0]!.text;
}

test("a project's worker, bundled, listens from its first turn on", async () => {
    const listeners: string[] = [];
    const self = {
        location: {origin: "https://site.test"}, navigator: {}, addEventListener: (type: string) => listeners.push(type),
    };
    runInNewContext(await bundled("worker"), {self, crypto, URL, Headers});
    expect([...new Set(listeners)].sort()).toEqual(["message", "notificationclick", "periodicsync", "sync"]);
    expect(Object.keys(self)).toContain("bgsync");
});

test("a project's page, bundled, has the outbox of the site that its template names", async () => {
    const asked: string[] = [];
    const document = Object.assign(new EventTarget(), {
        readyState: "loading", visibilityState: "visible", cookie: "",
        querySelector: (selector: string) => (asked.push(selector), {dataset: {base: "/sync/"}}),
    });
    const window: Record<string, unknown> & EventTarget = new EventTarget() as never;
    const globals = {
        window, document, location: {origin: "https://site.test"}, navigator: {onLine: true}, addEventListener: () => undefined,
        HTMLElement: class {}, customElements: {define: () => undefined},
        EventTarget, Event, CustomEvent, URL, crypto, setTimeout, clearTimeout, console,
    };
    const text = await bundled("page");
    runInNewContext(text, globals);
    const first = window["bgsync"];
    runInNewContext(text, globals);
    expect(asked).toEqual(['meta[name="bgsync"]']);
    expect(first).toBeInstanceOf(EventTarget);
    expect(window["bgsync"]).toBe(first);
});
