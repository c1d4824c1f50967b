// The property names that the minified bundles may shorten: those of objects that never leave one context.
import {readdirSync, readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

import ts from "typescript";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const LIBRARIES = dirname(fileURLToPath(import.meta.resolve("typescript")));

/** Interfaces and types of one context, beside our classes. What is stored, sent, announced or public must not be named here. */
const INTERNAL = new Set([
    "Candidate", "Cause", "Core", "Engine", "Failure", "FlushLock", "Inside", "Leased", "Moment", "OwnerChange", "Prepared", "Reply", "Runtime", "Selection",
    "Verdict", "Waiting", "WorkerCore",
]);

/** A short name for each of them, the most frequent ones first, and none that means something else. */
export function shortNames() {
    const {internal, exposed} = declaredNames();
    const words = sources(SRC, /\.ts$/).flatMap((path) => readFileSync(path, "utf8").match(/\w+/g));
    const uses = new Map();
    for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1);
    const sorted = internal.sort((a, b) => uses.get(b) - uses.get(a) || (a < b ? -1 : 1));
    const free = candidates(exposed);
    return Object.fromEntries(sorted.map((name) => [name, free.next().value]));
}

function* candidates(exposed) {
    const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    for (const first of ["", ...letters]) for (const last of letters) if (!exposed.has(first + last)) yield first + last;
}

/**
 * Names that only internal types declare, in all of our source and the platform's, and that no string of ours spells
 * (`counts[state]`). A class that extends another one has callers whom we do not know (DOM, users of the API): its names stay.
 */
export const internalNames = () => declaredNames().internal;

function declaredNames() {
    const internal = new Set();
    const exposed = new Set();
    const unused = new Set(INTERNAL);
    for (const path of sources(SRC, /\.ts$/)) visit(parse(path), false);
    for (const path of sources(LIBRARIES, /^lib\.(es|dom|webworker).*\.d\.ts$/)) collect(parse(path));
    if (unused.size) throw new Error(`build/internal-names.mjs: src has no type ${[...unused].join(", ")}`);
    return {internal: [...internal].filter((name) => !exposed.has(name)).sort(), exposed};

    function visit(node, isInternal) {
        if (ts.isClassDeclaration(node)) isInternal = !node.heritageClauses;
        if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) isInternal = INTERNAL.has(node.name.text);
        if (isInternal && node.name) unused.delete(node.name.text);
        const name = declared(node);
        if (name) (isInternal ? internal : exposed).add(name);
        if (ts.isStringLiteralLike(node)) exposed.add(node.text);
        ts.forEachChild(node, (child) => visit(child, isInternal));
    }

    function collect(node) {
        const name = declared(node);
        if (name) exposed.add(name);
        ts.forEachChild(node, collect);
    }
}

function declared(node) {
    const isMember = ts.isClassElement(node) || ts.isTypeElement(node) || ts.isParameterPropertyDeclaration(node, node.parent);
    return isMember && node.name && ts.isIdentifier(node.name) ? node.name.text : null;
}

function parse(path) {
    return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

function sources(directory, pattern) {
    const names = readdirSync(directory, {recursive: true}).filter((name) => pattern.test(name));
    return names.map((name) => join(directory, name)).sort();
}
