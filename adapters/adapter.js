// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Calls a JavaScript expression or function for each record, in an interpreter that stays: the adapter of
 * mpmap --node.
 *
 *   node adapter.js [--setup=CODE]... [--teardown=CODE]... -- CODE
 *
 * CODE is an expression, or statements with return, or a function of a module (package:function, ./file.js:function),
 * which is called with the values. In CODE
 *   x           is the record: a string without its delimiter; with JSON the value
 *   a           its values: columns, or one of each source; else [x]
 *   NAME        a field by its name: of a table with a header, or of a JSON object
 *   seq, attempt   the number of the record, from 1, and which attempt this is
 *   require     loads modules as from the current folder
 * What CODE gives: undefined and null are nothing, a Uint8Array (Buffer) is written as it is, an object or an array
 * becomes compact JSON, anything else is a line. A Promise is awaited; records are run one after another.
 * What is written to console, process.stdout and process.stderr is the record's output. An error that is thrown is its
 * failure: status 1, with the stack of user code. process.exit and process.exitCode are its status. What CODE changes
 * in the interpreter stays. What it leaves behind (timers, promises that are not returned) has its turn after each
 * slice of records; an error there is that of the last record without an answer.
 * --setup runs once before the first record, in the global scope (its const and let hold in CODE; a Promise that it
 * gives is awaited); --teardown runs at the end.
 *
 * Bytes that are not UTF-8 are lone surrogates in strings (U+DC80 to U+DCFF, as in Python), and written as they came.
 * Numbers of JSON are numbers. One that is returned where it was is written as it came (1.10, 123456789012345678901,
 * 1E400); so is one that is returned by itself or in another object, unless it is a whole number that JavaScript holds
 * exactly.
 *
 * The protocol is that of mpmap-coproc(7), "block": records on descriptor 3, answers on 4, the mark on 5.
 */

'use strict';

const fs = require('fs');
const path = require('path');
const vm = require('vm');
const util = require('util');
const Module = require('module');
const { Writable } = require('stream');

const OUTPUT_MAX = 65536;       // bytes (roughly) of output that are kept until the record's answer
const VALUE_MAX = 64 << 20;     // bytes of a value: what a message holds
const SLICE_MAX = 64;           // records that are run without a look at the clock
const SEND_AFTER = 10;          // ms that an answer waits for company

const reallyExit = process.exit;
const now = () => { const [s, ns] = process.hrtime(); return s * 1e3 + ns / 1e6; };

let settings = { delimiter: 0, names: [] };     // of `begin'
let code;                                       // what is called for each record: (x, a, fields) => value
let record = 0;                                 // number of the record in work, or of the last one
let attempt = 1;
let inRecord = false;

// ---- bytes and strings -------------------------------------------------------------------------------------------

// In latin1: a character of UTF-8 that is not ASCII, or a byte that is none.
const UTF8 = new RegExp('[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]' +
    '|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}' +
    '|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}|[\\x80-\\xff]', 'g');
const LONE = /[\udc80-\udcff]/u;
let anyLone = false;            // true once a record had bytes that are not UTF-8

// Decodes bytes given as a latin1 string.
function decodeBytes(latin1) {
    return latin1.replace(UTF8, bytes => {
        if (bytes.length > 1) return Buffer.from(bytes, 'latin1').toString();
        anyLone = true;
        return String.fromCharCode(0xdc00 + bytes.charCodeAt(0));
    });
}

// Splits what comes in a message at a byte; the last part, after the last such byte, is dropped.
function splitAt(data, byte) {
    const text = data.toString();
    const careful = byte > 127 || text.includes('\ufffd');
    const parts = (careful ? data.toString('latin1') : text).split(String.fromCharCode(byte));
    parts.pop();
    return careful ? parts.map(decodeBytes) : parts;
}

function encode(text) {
    if (!anyLone || !LONE.test(text)) return Buffer.from(text);
    return Buffer.from(text.replace(/[\udc80-\udcff]|[^\x00-\x7f]/gu, c => {
        const unit = c.charCodeAt(0);
        const isByte = c.length === 1 && unit >= 0xdc80 && unit <= 0xdcff;
        return isByte ? String.fromCharCode(unit - 0xdc00) : Buffer.from(c).toString('latin1');
    }), 'latin1');
}

// Makes one buffer of strings and buffers.
function join(pieces) {
    if (pieces.every(piece => typeof piece === 'string')) return encode(pieces.join(''));
    return Buffer.concat(pieces.map(piece => typeof piece === 'string' ? encode(piece) : piece));
}

// ---- messages ----------------------------------------------------------------------------------------------------

let queue = [];                 // messages to be sent
let well = [];                  // output of the `wells' records from wellFirst on that went well
let wellFirst = 1;
let wells = 0;
let sent = 0;                   // when messages were last sent

// Ends at once: mpmap has gone.
function gone() {
    process.reallyExit(0);
}

function writeAll(data) {
    for (let at = 0; at < data.length;) {
        try {
            at += fs.writeSync(4, data, at);
        } catch (error) {
            if (error.code === 'EPIPE') gone();
            if (error.code !== 'EAGAIN' && error.code !== 'EINTR') throw error;
        }
    }
}

// Makes one message of what went well.
function seal() {
    if (wells === 0) return;
    const data = join(well);
    queue.push(`ok ${wellFirst} ${wells} ${data.length}\n`, data);
    well = [];
    wells = 0;
}

function sendNow() {
    seal();
    if (queue.length > 0) writeAll(join(queue));
    queue = [];
    sent = now();
}

// Sends a part of the record's output ahead of its answer.
function part(number, pieces) {
    seal();
    const data = join(pieces);
    for (let at = 0; at < data.length; at += OUTPUT_MAX) {
        const piece = data.subarray(at, at + OUTPUT_MAX);
        queue.push(`output ${record} ${number} ${piece.length}\n`, piece);
        if (queue.length > 32) sendNow();
    }
    sendNow();
}

// Answers the record in work.
function answer(status, value) {
    if (value !== null && value.length > VALUE_MAX) {
        stderr.write('the value is larger than 64 MiB\n');
        status = status || 1;
        value = null;
    }
    if (stdout.size > OUTPUT_MAX) stdout.part();
    if (stderr.size > OUTPUT_MAX) stderr.part();
    if (status === 0 && value === null && stderr.size === 0 && !stdout.parted && !stderr.parted) {
        if (wells++ === 0) wellFirst = record;
        for (const piece of stdout.pieces) well.push(piece);
        if (settings.singles) seal();
    } else {
        seal();
        const output = join(stdout.pieces);
        const errors = join(stderr.pieces);
        const size = value === null ? '-' : value.length;
        queue.push(`result ${record} ${status} ${output.length} ${errors.length} ${size}\n`, output, errors);
        if (value !== null) queue.push(value);
    }
    stdout.reset();
    stderr.reset();
}

// ---- standard output and error -----------------------------------------------------------------------------------

// process.stdout or process.stderr: what is written while a record runs is kept for its answer.
class Stream extends Writable {
    constructor(number) {
        super();
        this.fd = number;       // children may be given this stream
        this.reset();
    }

    reset() {
        this.pieces = [];
        this.size = 0;
        this.parted = false;    // true if a part has been sent
    }

    part() {
        part(this.fd, this.pieces);
        this.pieces = [];
        this.size = 0;
        this.parted = true;
    }

    put(data) {
        if (data.length === 0) return;
        this.pieces.push(data);
        this.size += data.length;
        if (this.size > OUTPUT_MAX && inRecord) this.part();
    }

    write(data, encoding, callback) {
        if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
        if (typeof data !== 'string') data = Buffer.from(data);
        else if (encoding && !/^utf-?8$/i.test(encoding)) data = Buffer.from(data, encoding);
        if (serving) this.put(data);
        else writeReal(this.fd, typeof data === 'string' ? encode(data) : data);
        if (callback) process.nextTick(callback);
        return true;
    }

    end(data, encoding) {
        if (typeof encoding !== 'string') encoding = undefined;
        if (data !== undefined && typeof data !== 'function') this.write(data, encoding);
        return this;
    }
}

// Writes to a real descriptor, before the first record and after the last.
function writeReal(fd, data) {
    for (let at = 0; at < data.length;) {
        try {
            at += fs.writeSync(fd, data, at);
        } catch (error) {
            if (error.code !== 'EAGAIN') return;
        }
    }
}

let serving = false;
const stdout = new Stream(1);
const stderr = new Stream(2);
Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => stdout });
Object.defineProperty(process, 'stderr', { configurable: true, enumerable: true, get: () => stderr });

// ---- JSON --------------------------------------------------------------------------------------------------------

// In a JSON text: what may be a number that JavaScript would write differently.
const UNUSUAL = /[0-9]{16}|[0-9.]{17}|\.[0-9]*0(?![0-9])|\.0{6}|-0(?![.0-9])|[0-9][eE][-+0-9]/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g;
// Stands before the text of a number, or of what is to be written unquoted, in a string that no input can know.
const TOKEN = require('crypto').randomBytes(16).toString('hex') + ':';
const QUOTED_TOKEN = new RegExp(`"${TOKEN}([^"]*)"`, 'g');

const places = new WeakMap();   // object or array of a record => texts of its unusual numbers, by key
let texts = new Map();          // of the present record: number => its text, undefined if it has several
let rootText;                   // of a record that is a number

const hasTexts = () => texts.size > 0 || rootText !== undefined;

// Notes how a number is written, for where it is returned elsewhere.
function note(number, text) {
    if (Number.isSafeInteger(number)) return;
    texts.set(number, !texts.has(number) || texts.get(number) === text ? text : undefined);
}

function parse(json) {
    texts.clear();
    rootText = undefined;
    if (!UNUSUAL.test(json)) return JSON.parse(json);
    const marked = json.replace(STRING_OR_NUMBER, text => {
        if (text[0] === '"') return text;
        note(Number(text), text);
        return String(Number(text)) === text ? text : `"${TOKEN}${text}"`;
    });
    let isRoot = true;
    const value = JSON.parse(marked, function (key, value) {
        if (!places.has(this)) places.set(this, new Map());
        if (typeof value !== 'string' || !value.startsWith(TOKEN)) return value;
        const text = value.slice(TOKEN.length);
        // What follows the digits of a number is for JSON.parse to judge.
        JSON.parse(text);
        places.get(this).set(key, text);
        return Number(text);
    });
    if (typeof value === 'number') rootText = json.trim();
    return value;
}

// Gives the text of a number that is returned by itself or in an object that is not of the record.
function textOf(number) {
    if (rootText !== undefined && Object.is(number, Number(rootText))) return rootText;
    return texts.get(number) || (Number.isFinite(number) ? String(number) : undefined);
}

// Replaces, for JSON.stringify, numbers by their texts.
function withTexts(key, value) {
    if (typeof value === 'bigint') return TOKEN + value;
    if (typeof value !== 'number') return value;
    const place = places.get(this);
    const text = place && place.get(String(key));
    if (text !== undefined && Object.is(Number(text), value)) return TOKEN + text;
    if (place && Number.isFinite(value)) return value;
    const other = textOf(value);
    return other === undefined ? value : TOKEN + other;
}

// Makes the JSON of a value; undefined if it has none.
function stringify(value) {
    if (value instanceof Uint8Array) {
        const text = decodeBytes(Buffer.from(value).toString('latin1'));
        return JSON.stringify(LONE.test(text) ? { base64: Buffer.from(value).toString('base64') } : text);
    }
    if (!hasTexts()) {
        try {
            return JSON.stringify(value);
        } catch (error) {
            if (!/BigInt/.test(error.message)) throw error;
        }
    }
    const json = JSON.stringify(value, withTexts);
    return json === undefined ? undefined : json.replace(QUOTED_TOKEN, '$1');
}

// ---- one record --------------------------------------------------------------------------------------------------

// What process.exit throws in a record.
class Exit {
    constructor(status) {
        this.status = status;
    }
}

let exited;                     // status that the record gave process.exit
let settle = null;              // rejects the promise that is awaited

process.exit = status => {
    if (!serving) reallyExit.call(process, status);
    if (status === undefined) status = process.exitCode || 0;
    exited = Number(status) & 255;
    throw new Exit(exited);
};

// True if a line of a stack is not about user code.
const isForeign = line => /^\s+at /.test(line) &&
    (line.includes(__filename) || /\(?(node:|internal\/|vm\.js|events\.js|timers\.js|module\.js)/.test(line));

// Gives an error as node prints it, without frames that are not of user code.
// Where an error is in the first line of CODE, V8 may give the place of what is put before it: a column below 1.
function describe(error) {
    const isError = util.types.isNativeError(error) || error instanceof Error;
    const lines = (isError ? '' : 'Uncaught:\n').concat(util.inspect(error)).split('\n');
    const kept = [];
    for (const line of lines) {
        if (!isForeign(line)) kept.push(line);
        else if (line.endsWith(' {')) kept[kept.length - 1] += ' {';    // properties of the error follow
    }
    return kept.join('\n').replace(/^(\s+at .*\bCODE:1:)(-\d+|0)\b/gm, (found, place) => place + '1') + '\n';
}

// Writes what CODE gave to the output, or returns it as JSON in a buffer.
function render(value) {
    if (value === undefined || value === null) return null;
    if (settings.value) {
        const json = stringify(value);
        return json === undefined ? null : Buffer.from(json);
    }
    if (typeof value === 'string') stdout.put(value + '\n');
    else if (value instanceof Uint8Array) stdout.put(Buffer.from(value));
    else if (typeof value === 'number') stdout.put((hasTexts() ? stringify(value) : String(value)) + '\n');
    else if (typeof value === 'object') stdout.put(String(stringify(value)) + '\n');
    else stdout.put(String(value) + '\n');
    return null;
}

// Takes an error of the record; returns its status.
function failed(error) {
    if (error instanceof Exit) return error.status;
    stderr.put(describe(error));
    return 1;
}

// Answers the record in work. The last of a slice stays open (held) until what it left has had its turn.
function complete(status, value) {
    if (process.exitCode !== undefined) {
        if (status === 0) status = Number(process.exitCode) & 255;
        process.exitCode = undefined;
    }
    if (exited !== undefined) {
        status = exited;
        exited = undefined;
    }
    answer(status, value);
    inRecord = false;
}

const isPromise = value => value !== null && typeof value === 'object' && typeof value.then === 'function';

// Awaits what CODE gave; an error elsewhere (a callback) ends it, too, and so does a promise that nothing can settle.
function awaited(value) {
    return new Promise((resolve, reject) => {
        settle = reject;
        value.then(resolve, reject);
    });
}

// ---- blocks ------------------------------------------------------------------------------------------------------

const mark = new BigUint64Array(1);
const markBytes = new Uint8Array(mark.buffer);
let slice = 1;
let left;                       // error of what a record left behind, in the turn after its slice

const turn = () => new Promise(resolve => setImmediate(resolve));

// Gives the fields by name: of the columns that are there, or of a JSON object.
function fieldsOf(x, values) {
    if (settings.json) return typeof x === 'object' && x !== null && !Array.isArray(x) ? x : null;
    if (settings.names.length === 0) return null;
    const fields = {};
    settings.names.forEach((name, at) => { fields[name] = values[at]; });
    return fields;
}

// Runs COUNT records from `first' on: `records', and their values if they are divided.
async function work(first, records, divided) {
    let begun = now();
    for (let at = 0; at < records.length;) {
        const end = Math.min(at + slice, records.length);
        for (; at < end; at++) {
            record = first + at;
            mark[0] = BigInt(record);
            fs.writeSync(5, markBytes, 0, 8, 0);
            inRecord = true;
            let status = 0;
            let value = null;
            try {
                const isJson = settings.json && !(divided && divided[at]);
                const x = isJson ? parse(records[at]) : records[at];
                const values = divided && divided[at] || [x];
                let gave = code(x, values, fieldsOf(x, values));
                if (isPromise(gave)) gave = await awaited(gave);
                value = render(gave);
            } catch (error) {
                status = failed(error);
            }
            settle = null;
            if (at === end - 1) {
                left = undefined;
                await turn();
                if (left !== undefined && status === 0) status = failed(left.error);
            }
            complete(status, value);
        }
        const time = now();
        if (time - begun < 2) slice = Math.min(SLICE_MAX, slice * 2);
        else if (time - begun > 10) slice = Math.max(1, slice >> 1);
        begun = time;
        if (time - sent > SEND_AFTER) sendNow();
    }
    sendNow();
}

// Takes an error that no one has caught.
function uncaught(error) {
    if (settle) settle(error);
    else if (inRecord) left = { error };
    else if (serving) writeReal(2, Buffer.from(error instanceof Exit ? '' : describe(error)));
    else {
        writeReal(2, Buffer.from(describe(error)));
        reallyExit.call(process, 1);
    }
    exited = undefined;
}

// Takes the settings of a run.
function begin(data) {
    settings = { delimiter: 0, names: [] };
    for (const line of splitAt(data, 0)) {
        const key = line.slice(0, line.indexOf('='));
        const value = line.slice(key.length + 1);
        if (key === 'name') settings.names.push(value);
        else settings[key] = Number(value);
    }
}

// Takes apart records with their values: for each the number of values, the record, the values.
function divide(data, count) {
    const words = splitAt(data, 0);
    const records = [];
    const divided = [];
    for (let at = 0; records.length < count;) {
        const number = Number(words[at]);
        records.push(words[at + 1]);
        divided.push(number > 0 ? words.slice(at + 2, at + 2 + number) : null);
        at += 2 + number;
    }
    return [records, divided];
}

// ---- reading -----------------------------------------------------------------------------------------------------

let unread = Buffer.alloc(0);
let ready = -1;                 // descriptor 3 again, for reads that do not block

const readLater = buffer => new Promise((resolve, reject) =>
    fs.read(3, buffer, 0, buffer.length, null, (error, size) => error ? reject(error) : resolve(size)));

// Reads what is there; if there is nothing yet, what comes, while timers and sockets have their turns.
async function readMore() {
    const buffer = Buffer.allocUnsafe(1 << 18);
    let size = -1;
    try {
        if (ready >= 0) size = fs.readSync(ready, buffer, 0, buffer.length, null);
    } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
    }
    if (size < 0) size = await readLater(buffer);
    if (size === 0) return false;
    const more = buffer.subarray(0, size);
    unread = unread.length === 0 ? more : Buffer.concat([unread, more]);
    return true;
}

// Takes a line, without its end; null at end of file.
async function takeLine() {
    let end;
    while ((end = unread.indexOf(10)) < 0) if (!await readMore()) return null;
    const line = unread.toString('latin1', 0, end);
    unread = unread.subarray(end + 1);
    return line;
}

async function takeBytes(size) {
    while (unread.length < size) if (!await readMore()) return null;
    const data = unread.subarray(0, size);
    unread = unread.subarray(size);
    return data;
}

// Serves until there are no more records.
async function serve() {
    for (;;) {
        const line = await takeLine();
        if (line === null) return;
        const [type, ...words] = line.split(' ');
        const numbers = words.map(Number);
        const data = await takeBytes(numbers[numbers.length - 1]);
        if (data === null) return;
        attempt = numbers[2];
        if (type === 'begin') begin(data);
        else if (type === 'lines') await work(numbers[0], splitAt(data, settings.delimiter), null);
        else if (type === 'values') await work(numbers[0], ...divide(data, numbers[1]));
    }
}

// ---- CODE --------------------------------------------------------------------------------------------------------

const WORDS = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;
// Names that a field cannot have, since they have a meaning here or in the language.
const TAKEN = new Set(('x a seq attempt require break case catch class const continue debugger default delete do ' +
    'else enum export extends false finally for function if import in instanceof new null return super switch this ' +
    'throw true try typeof var void while with yield let static await async implements interface package private ' +
    'protected public arguments eval undefined').split(' '));
const STATEMENTS = /\b(return|const|let|var|if|for|while|throw|try|switch)\b/;

// Compiles CODE as a function of the record and of fields by their names.
function compileWith(text, names) {
    const [open, close] = /\bawait\b/.test(text) ? ['return (async () => {', '})()'] : ['', ''];
    const compileIn = (before, after) => vm.compileFunction(
        open + before + text + '\n' + after + close, ['x', 'a', 'seq', 'attempt', ...names],
        { filename: 'CODE', columnOffset: -(open + before).length });
    try {
        return compileIn('return (', ')');
    } catch (error) {
        try {
            return compileIn('{', '}');
        } catch (other) {
            throw STATEMENTS.test(text) ? other : error;
        }
    }
}

// Makes CODE a function of the record, its values and its fields, compiled once for each set of fields that it names.
function expression(text) {
    const named = [...new Set(text.match(WORDS) || [])].filter(name => !TAKEN.has(name));
    const compiled = new Map([['', compileWith(text, [])]]);
    const has = Object.prototype.hasOwnProperty;
    return (x, a, fields) => {
        if (fields === null || named.length === 0) return compiled.get('')(x, a, record, attempt);
        const names = named.filter(name => has.call(fields, name));
        const key = names.join(' ');
        if (!compiled.has(key)) compiled.set(key, compileWith(text, names));
        return compiled.get(key)(x, a, record, attempt, ...names.map(name => fields[name]));
    };
}

// Loads a module, as a script in the current folder would.
async function load(name) {
    const target = name => require.resolve && globalThis.require.resolve(name);
    let file;
    try {
        file = target(name);
    } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND' || /^[./]/.test(name)) throw error;
        try {
            file = target('./' + name);
        } catch (other) {
            throw error;
        }
    }
    try {
        return globalThis.require(file);
    } catch (error) {
        if (error.code !== 'ERR_REQUIRE_ESM') throw error;
        return import(require('url').pathToFileURL(file).href);
    }
}

// Finds module:function; gives a function of the record and its values.
async function moduleFunction(name, property) {
    const module = await load(name);
    const member = (owner, key) => owner === undefined || owner === null ? undefined : owner[key];
    const find = from => property.split('.').reduce(member, from);
    const found = typeof find(module) === 'function' ? find(module) : find(module.default);
    if (typeof found !== 'function') throw new Refusal(`${name} has no function ${property}`);
    return (x, values) => found(...values);
}

// ---- beginning and end -------------------------------------------------------------------------------------------

class Refusal extends Error {}

// Says why nothing can be run, and ends.
function fail(words) {
    const data = Buffer.from(words.endsWith('\n') ? words : words + '\n');
    writeAll(Buffer.concat([Buffer.from(`fail 2 ${data.length}\n`), data]));
    reallyExit.call(process, 2);
}

// Gives a syntax error with the place that node shows, at the head of the stack, without what is put before CODE.
function explain(error) {
    if (error instanceof Refusal) return error.message;
    if (!(error instanceof SyntaxError) || typeof error.stack !== 'string') return describe(error);
    const lines = error.stack.split('\n').filter(line => !isForeign(line));
    const put = /^(return \(async \(\) => \{)?(return \(|\{)/.exec(lines[1] || '');
    if (put && lines[0] === 'CODE:1') {
        lines[1] = lines[1].slice(put[0].length);
        lines[2] = lines[2].slice(put[0].length);
    }
    return lines.join('\n');
}

function options(words) {
    const given = { setup: [], teardown: [], code: undefined };
    while (words.length > 0) {
        const word = words.shift();
        const option = /^--(setup|teardown)=([^]*)$/.exec(word);
        if (option) given[option[1]].push(option[2]);
        else if (word === '--isolate') {
            throw new Refusal('node cannot be forked, so there is no --isolate with --node: with --chunksize=1 what ' +
                "children write is that of their record; 'mpmap COMMAND' runs a process for each record");
        } else if (word === '--' && words.length === 1) given.code = words.shift();
        else throw new Refusal('usage: adapter.js [--setup=CODE]... [--teardown=CODE]... -- CODE');
    }
    return given;
}

// Compiles CODE, runs the setup, finds the function.
async function prepare(given) {
    const makeRequire = Module.createRequire || Module.createRequireFromPath;
    globalThis.require = makeRequire(path.join(process.cwd(), 'CODE'));
    const named = /^([^\s'"`(){};?]+):([\p{ID_Start}$_][\p{ID_Continue}$.]*)$/u.exec(given.code);
    if (!named) code = expression(given.code);
    const scripts = given.setup.map(text => new vm.Script(text, { filename: 'SETUP' }));
    const teardown = given.teardown.map(text => new vm.Script(text, { filename: 'TEARDOWN' }));
    for (const script of scripts) await script.runInThisContext();
    if (named) code = await moduleFunction(named[1], named[2]);
    return teardown;
}

async function main() {
    let teardown;
    try {
        if (Number(process.versions.node.split('.')[0]) < 12) {
            throw new Refusal(`node ${process.versions.node} is too old for mpmap --node: it takes 12`);
        }
        teardown = await prepare(options(process.argv.slice(2)));
    } catch (error) {
        fail(explain(error));
    }
    process.exitCode = undefined;
    try {
        ready = fs.openSync('/proc/self/fd/3', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    } catch (error) {
        ready = -1;             // not a pipe
    }
    queue.push('hello 1 mark\n');
    sendNow();
    serving = true;
    await serve();
    serving = false;
    for (const script of teardown) await script.runInThisContext();
    reallyExit.call(process, process.exitCode);
}

process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);
// Nothing is left that could settle what is awaited.
process.on('beforeExit', () => {
    if (!settle) return;
    stderr.put('Warning: Detected unsettled promise of CODE\n');
    settle(new Exit(13));
});
main().catch(error => {
    writeReal(2, Buffer.from(describe(error)));
    reallyExit.call(process, 1);
});
