// What npm publishes, made from client/src: two ES modules with their types. Nothing of it is committed.
import {execFileSync} from "node:child_process";
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";

import {build} from "esbuild";

import {release} from "./bundles.mjs";

const CLIENT = resolve(fileURLToPath(import.meta.url), "../..");
const DIST = join(CLIENT, "dist");
const ENTRIES = ["page", "worker"];

rmSync(DIST, {recursive: true, force: true});
await build({
    absWorkingDir: CLIENT,
    bundle: true,
    define: release(),
    entryPoints: Object.fromEntries(ENTRIES.map((entry) => [entry, `src/${entry}/npm.ts`])),
    external: ["idb-keyval"],
    format: "esm",
    outdir: DIST,
    target: "es2022",
});
const declarations = mkdtempSync(join(tmpdir(), "bgsync-types-"));
for (const entry of ENTRIES) {
    const project = join(CLIENT, `tsconfig.${entry}.json`);
    const options = ["--noEmit", "false", "--emitDeclarationOnly", "--declaration", "--stripInternal"];
    const places = ["--rootDir", join(CLIENT, "src"), "--outDir", declarations];
    execFileSync(process.execPath, [join(CLIENT, "node_modules/typescript/bin/tsc"), "-p", project, ...options, ...places]);
    keep(`${entry}/npm.d.ts`);
}
rmSync(declarations, {recursive: true});
copyFileSync(join(CLIENT, "../LICENSE"), join(DIST, "LICENSE"));

/** A declaration and all it refers to, with the names of files as Node wants them. */
function keep(path, kept = new Set()) {
    if (kept.has(path)) return;
    kept.add(path);
    const text = readFileSync(join(declarations, path), "utf8").replace(/from "(\.[^"]+)"/g, (_, module) => {
        keep(join(dirname(path), `${module}.d.ts`), kept);
        return `from "${module}.js"`;
    });
    mkdirSync(dirname(join(DIST, "types", path)), {recursive: true});
    writeFileSync(join(DIST, "types", path), text);
}
