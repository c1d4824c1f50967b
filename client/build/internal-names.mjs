// The property names that the minified bundles may shorten: those of objects that never leave one context.
import {readdirSync, readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

import ts from "typescript";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const LIBRARIES = dirname(fileURLToPath(import.meta.resolve("typescript")));
const IDB = fileURLToPath(import.meta.resolve("idb").replace(/index\.js$/, "entry.d.ts"));

/** Interfaces and types of one context, beside our classes. What is stored, sent, announced or public must not be named here. */
const INTERNAL = new Set([
    "Candidate", "Cause", "Circumstances", "Failure", "Leased", "Moment", "OwnerChange", "Parts", "Prepared", "Reply", "Runtime", "Selection",
    "Verdict", "Waiting",
]);

/**
 * Names that only internal types declare, in all of our source, the platform's and idb's, and that no string of ours spells
 * (`counts[state]`). A class that extends another one has callers whom we do not know (DOM, users of the API): its names stay.
 */
export function internalNames() {
    const internal = new Set();
    const exposed = new Set();
    const unused = new Set(INTERNAL);
    for (const path of sources(SRC, /\.ts$/)) visit(parse(path), false);
    for (const path of [...sources(LIBRARIES, /^lib\.(es|dom|webworker).*\.d\.ts$/), IDB]) collect(parse(path));
    if (unused.size) throw new Error(`build/internal-names.mjs: src has no type ${[...unused].join(", ")}`);
    return [...internal].filter((name) => !exposed.has(name)).sort();

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
