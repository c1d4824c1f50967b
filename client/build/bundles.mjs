// The committed bundles, made from client/src. The same input gives the same bytes: no date, no version, no path of a machine.
import {createHash} from "node:crypto";
import {readdirSync, readFileSync} from "node:fs";
import {join, relative, resolve, sep} from "node:path";
import {fileURLToPath} from "node:url";

import {build} from "esbuild";
import {minify} from "terser";

import {internalNames} from "./internal-names.mjs";

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
    const files = new Map();
    for (const [name, entry] of Object.entries(ENTRIES)) {
        files.set(`${name}.js`, `${banner()}\n${(await bundle(entry)).text}`);
        const {code, map} = await shrink(`${name}.min.js`, await bundle(entry, MINIFIED));
        files.set(`${name}.min.js`, code);
        files.set(`${name}.min.js.map`, map);
    }
    return files;
}

const banner = () => `/*! django-bgsync: generated from client/src, do not edit. sha256 ${sourceHash()} */`;

const MINIFIED = {minify: true, mangleProps: new RegExp(`^(${internalNames().join("|")})$`), sourcemap: true};

async function bundle(entry, options) {
    const {outputFiles} = await build({
        absWorkingDir: CLIENT,
        bundle: true,
        charset: "utf8",
        entryPoints: [entry],
        format: "iife",
        legalComments: "none",
        logLevel: "warning",
        // Its paths are relative to where the bundle lies.
        outfile: join(STATIC, "bundle.js"),
        plugins: [USED_PARTS_OF_IDB],
        target: TARGET,
        tsconfig: join(CLIENT, "tsconfig.base.json"),
        write: false,
        ...options,
    });
    const [text, map] = ["bundle.js", "bundle.js.map"].map((end) => outputFiles.find(({path}) => path.endsWith(end))?.text);
    return {text, map};
}

/** What terser finds after esbuild: 4 % of the brotli bytes. */
function shrink(name, {text, map}) {
    return minify(text, {
        compress: {ecma: 2020, passes: 3, toplevel: true},
        format: {ecma: 2020, preamble: banner()},
        mangle: {toplevel: true},
        sourceMap: {content: map, filename: name, url: `${name}.map`},
    });
}

/** idb installs its shortcuts (`db.get()`, `for await … of store`) by calls that no bundler may drop. We use neither. */
const USED_PARTS_OF_IDB = {
    name: "used parts of idb",
    setup({onLoad}) {
        onLoad({filter: /node_modules.idb.build.index\.js$/}, ({path}) => (
            {contents: readFileSync(path, "utf8").replaceAll("\nreplaceTraps(", "\n/* @__PURE__ */ replaceTraps(")}
        ));
    },
};

function sources() {
    const inSource = readdirSync(join(CLIENT, "src"), {recursive: true, withFileTypes: true})
        .filter((entry) => entry.isFile())
        .map((entry) => relative(CLIENT, join(entry.parentPath, entry.name)).split(sep).join("/"));
    return ["package-lock.json", ...inSource].sort();
}
