// The committed bundles, made from client/src. The same input gives the same bytes: no date, no version, no path of a machine.
import {createHash} from "node:crypto";
import {readdirSync, readFileSync} from "node:fs";
import {join, relative, resolve, sep} from "node:path";
import {fileURLToPath} from "node:url";

import {build} from "esbuild";
import {minify} from "terser";

import {shortNames} from "./internal-names.mjs";

const CLIENT = resolve(fileURLToPath(import.meta.url), "../..");
export const STATIC = resolve(CLIENT, "../django_bgsync/static/django_bgsync");

/** Two cores, and what each can be extended by: a page loads a part as an ES module, the server puts a worker's before its core. */
const BUNDLES = [
    {name: "bgsync", entry: "src/page/index.ts", format: "iife"},
    {name: "bgsync-worker", entry: "src/worker/index.ts", format: "iife"},
    ...parts("src/page-parts").map((part) => ({name: `bgsync-${part}`, entry: `src/page-parts/${part}/index.ts`, format: "esm"})),
    ...parts("src/worker-parts").map((part) => (
        {name: `bgsync-worker-${part}`, entry: `src/worker-parts/${part}/index.ts`, format: "iife"}
    )),
];
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

export const shortHash = () => sourceHash().slice(0, 12);

/** What a part compares with its core's: objects cross between them, and their members have short names. */
export const release = () => ({BGSYNC_RELEASE: JSON.stringify(shortHash())});

/** File name to text, for everything that belongs in STATIC. */
export async function makeBundles() {
    const files = new Map();
    // One for all bundles: a member has the same short name wherever its object goes.
    const names = shortNames();
    const minified = {
        minify: true, sourcemap: true, mangleCache: names, mangleProps: new RegExp(`^(${Object.keys(names).join("|")})$`),
    };
    for (const bundle of BUNDLES) {
        const {name, format} = bundle;
        files.set(`${name}.js`, `${banner()}\n${(await bundled(bundle)).text}`);
        const {code, map} = await shrink(`${name}.min.js`, format === "esm", await bundled(bundle, minified));
        files.set(`${name}.min.js`, code);
        files.set(`${name}.min.js.map`, map);
    }
    return files;
}

const banner = () => `/*! django-bgsync: generated from client/src, do not edit. sha256 ${sourceHash()} */`;

async function bundled({entry, format}, options) {
    const {outputFiles} = await build({
        absWorkingDir: CLIENT,
        bundle: true,
        preserveSymlinks: true,  // where the packages lie is nobody's business
        charset: "utf8",
        define: release(),
        entryPoints: [entry],
        format,
        legalComments: "none",
        logLevel: "warning",
        // Its paths are relative to where the bundle lies.
        outfile: join(STATIC, "bundle.js"),
        target: TARGET,
        tsconfig: join(CLIENT, "tsconfig.base.json"),
        write: false,
        ...options,
    });
    const [text, map] = ["bundle.js", "bundle.js.map"].map((end) => outputFiles.find(({path}) => path.endsWith(end))?.text);
    return {text, map};
}

/** What terser finds after esbuild: 4 % of the brotli bytes. */
function shrink(name, module, {text, map}) {
    return minify(text, {
        module,
        // Functions written out where they are called are shorter, and compress worse. None of ours is called with `new`.
        compress: {ecma: 2020, hoist_funs: true, inline: 1, passes: 3, toplevel: true, unsafe_arrows: true},
        format: {ecma: 2020, preamble: `/*! django-bgsync ${shortHash()} */`},
        mangle: {toplevel: true},
        sourceMap: {content: map, filename: name, url: `${name}.map`},
    });
}

function parts(directory) {
    const isPart = (entry) => entry.isDirectory();
    return readdirSync(join(CLIENT, directory), {withFileTypes: true}).filter(isPart).map(({name}) => name).sort();
}

function sources() {
    const inSource = readdirSync(join(CLIENT, "src"), {recursive: true, withFileTypes: true})
        .filter((entry) => entry.isFile())
        .map((entry) => relative(CLIENT, join(entry.parentPath, entry.name)).split(sep).join("/"));
    return ["package-lock.json", ...inSource].sort();
}
