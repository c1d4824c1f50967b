// The committed bundles, made from client/src. The same input gives the same bytes: no date, no version, no path of a machine.
import {createHash} from "node:crypto";
import {readdirSync, readFileSync} from "node:fs";
import {join, relative, resolve, sep} from "node:path";
import {fileURLToPath} from "node:url";

import {build} from "esbuild";

const CLIENT = resolve(fileURLToPath(import.meta.url), "../..");
export const STATIC = resolve(CLIENT, "../django_bgsync/static/django_bgsync");

const ENTRIES = {bgsync: "src/page/index.ts", "bgsync-worker": "src/worker/index.ts"};
// Safari 15.4, Chromium 94, Firefox 96: the first of each with Web Locks and class fields.
const TARGET = ["chrome94", "firefox96", "safari15.4"];

/** SHA-256 over the path and the LF-normalised text of package-lock.json and each file in src, in the order of their paths. */
export function sourceHash() {
    const hash = createHash("sha256");
    for (const path of sources()) {
        const text = readFileSync(join(CLIENT, path), "utf8").replaceAll("\r\n", "\n");
        hash.update(`${path}\0${text}\0`);
    }
    return hash.digest("hex");
}

/** File name to text, for everything that belongs in STATIC. */
export async function makeBundles() {
    const banner = {js: `/*! django-bgsync: generated from client/src, do not edit. sha256 ${sourceHash()} */`};
    const files = new Map();
    for (const [name, entry] of Object.entries(ENTRIES)) {
        for (const minify of [false, true]) {
            const {outputFiles} = await build({
                absWorkingDir: CLIENT,
                banner,
                bundle: true,
                charset: "utf8",
                entryPoints: [entry],
                format: "iife",
                legalComments: "none",
                logLevel: "warning",
                minify,
                outfile: join(STATIC, `${name}${minify ? ".min" : ""}.js`),
                sourcemap: minify,
                target: TARGET,
                write: false,
            });
            for (const {path, text} of outputFiles) files.set(relative(STATIC, path), text);
        }
    }
    return files;
}

function sources() {
    const inSource = readdirSync(join(CLIENT, "src"), {recursive: true, withFileTypes: true})
        .filter((entry) => entry.isFile())
        .map((entry) => relative(CLIENT, join(entry.parentPath, entry.name)).split(sep).join("/"));
    return ["package-lock.json", ...inSource].sort();
}
