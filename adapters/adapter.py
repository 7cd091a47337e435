# SPDX-License-Identifier: GPL-3.0-or-later
# Calls a Python function for each record of mpmap: the adapter of --python.
#
#     python3 adapter.py [--setup=CODE]... [--teardown=CODE]... [--isolate] -- CODE
#
# mpmap starts it and speaks the block protocol with it (mpmap-coproc(7)) over descriptors 3, 4 and 5. It needs Python
# 3.8 or later.
#
# CODE is an expression or MODULE:FUNCTION (names with dots, too). The function is called with the values of the record:
# f(record), f(*values) where it has columns or comes from several sources, f(object) where records are JSON. So is an
# expression that is only the name of a function (f of --setup, str.upper), unless the record has that name.
# An expression knows these names, which hide those of --setup and the builtins (and a NAME hides a, seq and attempt):
#     x        the record, a str (bytes that are not UTF-8 are kept by surrogateescape); with JSON the parsed value
#     a        the list of its values; [x] where it is not divided
#     NAME     a named column (None if the record ends before it), or a key of a JSON object
#     seq      the number of the record, from 1
#     attempt  how often it has been tried, from 1
# A name that is none of these and has an attribute in CODE (as math.sqrt, urllib.parse.quote) is imported
# as a module, once. Modules of the current folder are found, too.
#
# What is returned: None is no output; a str is a line; bytes are as they are; a dict, a list, a tuple and the items of
# an iterator are compact JSON; all else is a line of str(). JSON has null for NaN and infinities, {"base64": ...} for
# bytes that are not UTF-8, lists for sets, str() of what it has no form for. Numbers of JSON input remain as written.
#
# What is printed to sys.stdout and sys.stderr is the record's output, ahead of what is returned. An exception is the
# record's failure: status 1, the traceback (of the user's code alone) on its standard error; SystemExit is its status,
# KeyboardInterrupt is the end by signal 2. A process that the user's code forks, and that returns from the call, writes
# its output to descriptors 1 and 2 and exits.
#
# With --isolate each record has a process of its own, forked from this one.
#
# The syntax of this file is that of every Python since 2.7, so that one which is too old can say so.

import errno
import io
import os
import sys
import time

OLDEST = (3, 8)
LIMIT = 1 << 16  # bytes of output that are kept for one record
PIECE = 1 << 20  # bytes of the longest message, and of the answers that wait
REQUESTS, ANSWERS, MARK = 3, 4, 5
OWN_FILE = (lambda: 0).__code__.co_filename
OWN_MODULE = sys.modules[__name__]  # kept, since the user's code becomes __main__

forking = False  # True while the adapter itself forks, not the user's code


# ---- Descriptors ---------------------------------------------------------------------------------------------------


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def close_on_exec(descriptor):
    import fcntl
    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)


def close_quietly(descriptor):
    try:
        os.close(descriptor)
    except OSError:
        pass


# ---- Failures of the user's code -----------------------------------------------------------------------------------

SOURCES = {}  # the user's code that is in no file, by the names that it has in tracebacks


def remember_sources():
    """Lets tracebacks show lines of the user's code."""
    import linecache
    for name in SOURCES:
        lines = [line + '\n' for line in SOURCES[name].split('\n')]
        linecache.cache[name] = (len(SOURCES[name]), None, lines, name)


def without_own_frames(summary):
    """Removes the adapter's frames from a TracebackException and all those that it mentions."""
    waiting = [summary]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        if one.stack is not None:
            one.stack[:] = [frame for frame in one.stack if frame.filename != OWN_FILE]
        waiting += [one.__cause__, one.__context__] + list(getattr(one, 'exceptions', None) or [])
    return summary


def describe(error):
    """Returns the traceback of the user's code, as Python prints it."""
    try:
        import traceback
        remember_sources()
        summary = without_own_frames(traceback.TracebackException(type(error), error, error.__traceback__))
        alone = not summary.stack and summary.__cause__ is None and summary.__context__ is None
        text = ''.join(summary.format_exception_only() if alone else summary.format())
        return text.encode('utf-8', 'backslashreplace')
    except Exception:  # there is no memory or stack left for it, or the exception itself is broken
        return (type(error).__name__ + '\n').encode('utf-8', 'backslashreplace')


def outcome(error):
    """Returns (status, standard error) of a process of its own that ends by this exception."""
    if isinstance(error, KeyboardInterrupt):
        return -2, describe(error)
    if not isinstance(error, SystemExit):
        return 1, describe(error)
    code = error.code
    if code is None:
        return 0, b''
    if isinstance(code, int):
        return (code & 255 if -1 << 63 <= code < 1 << 63 else 255), b''
    try:
        return 1, (str(code) + '\n').encode('utf-8', 'surrogateescape')
    except Exception:
        return 1, b''


# ---- JSON ----------------------------------------------------------------------------------------------------------


class Float(float):
    """A float that was written in another way than Python writes it: 1.10, 1E400."""

    def __new__(cls, text):
        self = float.__new__(cls, text)
        self.text = text
        return self

    def __reduce__(self):
        return float, (float(self),)


class Integer(int):
    """An integer that was written in another way (-0), or that has more digits than Python converts to text."""

    def __new__(cls, text):
        self = int.__new__(cls, unlimited_int(text))
        self.text = text
        return self

    def __reduce__(self):
        return int, (int(self),)


def unlimited_int(text):
    """Converts a number however many digits it has."""
    if not hasattr(sys, 'set_int_max_str_digits'):
        return int(text)
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return int(text)
    finally:
        sys.set_int_max_str_digits(limit)


class Json(object):
    """JSON texts to values and back. The json module is imported when the first is needed."""

    def __init__(self):
        self.module = None
        self.kept = False  # True once a number was read that Python would write in another way

    def load(self):
        import json
        import re
        self.module = json
        # Only a text in which this is found can have integers that Python would write in another way. (No limit of the
        # number of digits can be lower than 640.)
        self.has_strange_integers = re.compile(r'-0(?![0-9.eE])|[0-9]{640}').search
        self.encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(',', ':'), default=plain).encode
        self.decode = json.JSONDecoder(parse_float=self.keep_float).decode
        self.decode_integers = json.JSONDecoder(parse_float=self.keep_float, parse_int=self.keep_integer).decode

    def keep_float(self, text):
        value = float(text)
        if repr(value) == text:
            return value
        self.kept = True
        return Float(text)

    def keep_integer(self, text):
        if len(text) < 640 and text != '-0':
            return int(text)
        self.kept = True
        return Integer(text)

    def parse(self, text):
        if self.module is None:
            self.load()
        return self.decode_integers(text) if self.has_strange_integers(text) else self.decode(text)

    def text(self, value):
        """Returns the value as compact JSON, in bytes. Lone surrogates become escapes."""
        if self.module is None:
            self.load()
        if not self.kept:
            try:
                return self.encode(value).encode('utf-8', 'backslashreplace')
            except (TypeError, ValueError):  # a key that is no string, or NaN
                pass
        return self.careful_text(value).encode('utf-8', 'backslashreplace')

    def careful_text(self, value):
        if value is None or isinstance(value, (bool, str)):
            return self.encode(value)
        if isinstance(value, (Float, Integer)):
            return value.text
        if isinstance(value, int):
            return int.__repr__(value)
        if isinstance(value, float):
            return float.__repr__(value) if value - value == 0 else 'null'
        if isinstance(value, (list, tuple)):
            return '[' + ','.join([self.careful_text(item) for item in value]) + ']'
        if isinstance(value, dict):
            return '{' + ','.join([self.key(key) + ':' + self.careful_text(value[key]) for key in value]) + '}'
        return self.careful_text(plain(value))

    def key(self, key):
        if isinstance(key, str):
            return self.encode(key)
        is_json = key is None or isinstance(key, (bool, int, float))
        return self.encode(self.careful_text(key) if is_json else str(key))


def plain(value):
    """Returns what stands in JSON for a value that JSON has no form for."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        try:
            return data.decode('utf-8')
        except UnicodeDecodeError:
            import binascii
            return {'base64': binascii.b2a_base64(data).decode().rstrip('\n')}
    if isinstance(value, (set, frozenset)) or is_iterator(value):
        return list(value)
    if hasattr(value, 'tolist'):  # arrays and numbers of numpy
        return value.tolist()
    return str(value)


def is_iterator(value):
    return hasattr(type(value), '__next__')


JSON = Json()


def returned(value):
    """Returns what the value adds to the output of its record, in bytes."""
    if value is None:
        return b''
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (Float, Integer)):
        text = value.text
    elif isinstance(value, str):
        text = str.__str__(value)
    elif isinstance(value, (dict, list, tuple)) or is_iterator(value):
        return JSON.text(list(value) if is_iterator(value) else value) + b'\n'
    else:
        text = str(value)
    return text.encode('utf-8', 'surrogateescape') + b'\n'


# ---- Answers -------------------------------------------------------------------------------------------------------


def encoded(text):
    """Returns the text in bytes, or None if there are surrogates in it that stand for no byte."""
    try:
        return text.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:
        return None


class Answers(object):
    """What is to be sent to mpmap.

    A record that went well, wrote nothing to standard error and has output that ends with a newline is one entry in
    `texts`, without the newline. Other records are parts of an `ok` or messages at once. `first` is the number of the
    first record that is in no message and no part. Only the main thread ends records, but other threads may print
    meanwhile: texts are appended without the lock, and all else is done with it.
    """

    def __init__(self):
        self.new_lock()
        self.texts = []
        self.captured = []  # (1 or 2, bytes): what the record in work has printed
        self.size = 0  # of what was captured, in bytes
        self.messages = []
        self.parts = []  # outputs of the records that the next `ok` is about
        self.count = 0  # of these records
        self.waiting = 0  # bytes of the messages and the parts
        self.first = 1
        self.began = 0  # when the record in work was begun, in nanoseconds
        self.spoken = False  # True if a part of the output of the first record was sent ahead
        self.singles = False  # True if each record needs a message of its own
        self.values = False  # True if values are sent as JSON and are no output

    def new_lock(self):
        import _thread
        self.lock = _thread.RLock()

    def forget(self):
        """Forgets all that is to be sent by the process that this one was forked from."""
        self.new_lock()
        for kept in (self.texts, self.captured, self.messages, self.parts):
            del kept[:]
        self.count = self.size = self.waiting = 0

    def capture(self, stream, data):
        with self.lock:
            self.captured.append((stream, data))
            self.size += len(data)
            if self.size > LIMIT:
                self.send_ahead()

    def take(self):
        """Returns the output and the standard error captured until now."""
        with self.lock:
            taken = self.captured[:]
            del self.captured[:]
            self.size = 0
        return [b''.join([data for stream, data in taken if stream == number]) for number in (1, 2)]

    def send_ahead(self):
        """Sends what the record in work has printed, so that it is not kept."""
        self.pack()
        self.close_ok()
        for stream, data in enumerate(self.take(), 1):
            self.output(stream, data)
        self.send()

    def output(self, stream, data):
        """Makes messages of a part of the output of the first record."""
        for at in range(0, len(data), PIECE):
            piece = data[at:at + PIECE]
            self.add(b'output %d %d %d\n' % (self.first, stream, len(piece)), piece)
            self.spoken = True

    def add(self, *parts):
        self.messages += parts
        self.waiting += sum([len(part) for part in parts])

    def ended(self, value):
        """Ends the record in work. What is raised in here is its failure."""
        json = JSON.text(value) if self.values else None
        text = b'' if self.values else returned(value)
        with self.lock:
            out, errors = self.take()
            out += text
            if errors or json is not None:
                self.pack()
                self.result(0, out, errors, json)
            elif out.endswith(b'\n'):
                self.texts.append(out[:-1].decode('utf-8', 'surrogateescape'))
            else:
                self.pack()
                self.went_well(out)

    def failed(self, status, words):
        with self.lock:
            self.pack()
            out, errors = self.take()
            self.result(status, out, errors + words, None)

    def pack(self):
        """Makes parts or messages of the texts."""
        with self.lock:
            count = len(self.texts)
            taken = self.texts[:count]
            del self.texts[:count]
            data = None if self.spoken or self.singles else encoded('\n'.join(taken))
            if data is None or len(data) > PIECE:
                self.pack_each(taken)
            elif taken:
                self.went_well(data + b'\n', count)

    def pack_each(self, taken):
        for text in taken:
            data = encoded(text)
            if data is None:
                words = b"UnicodeEncodeError: 'utf-8' codec can't encode what was returned: surrogates not allowed\n"
                self.result(1, b'', words, None)
            else:
                self.went_well(data + b'\n')

    def went_well(self, out, count=1):
        """Answers records, with a part of an `ok` if that is possible."""
        if self.spoken or self.singles or len(out) > PIECE + 1:
            self.result(0, out, b'', None)
            return
        self.parts.append(out)
        self.waiting += len(out)
        self.count += count
        self.first += count
        if self.waiting > PIECE:
            self.close_ok()

    def close_ok(self):
        if self.count:
            data = b''.join(self.parts)
            self.messages += [b'ok %d %d %d\n' % (self.first - self.count, self.count, len(data)), data]
            del self.parts[:]
            self.count = 0

    def result(self, status, out, errors, json):
        self.close_ok()
        if len(out) + len(errors) > PIECE:
            self.output(1, out)
            self.output(2, errors)
            out = errors = b''
        size = b'-' if json is None else b'%d' % len(json)
        head = b'result %d %d %d %d %b%b\n' % (self.first, status, len(out), len(errors), size, self.duration())
        self.add(head, out, errors, json or b'')
        self.first += 1
        self.spoken = False

    def duration(self):
        """Returns the word of a result that says how long its record took, where that is shown of each."""
        if not self.singles:
            return b''
        before, self.began = self.began, time.perf_counter_ns()
        return b' %d' % (self.began - before)

    def send(self):
        with self.lock:
            self.pack()
            self.close_ok()
            data = b''.join(self.messages)
            del self.messages[:]
            self.waiting = 0
            self.write(data)

    def write(self, data):
        try:
            write_all(ANSWERS, data)
        except BrokenPipeError:  # mpmap is gone
            os._exit(1)


# ---- Standard output and standard error ----------------------------------------------------------------------------


class Stream(io.BufferedIOBase):
    """The binary layer below sys.stdout or sys.stderr.

    Writes are captured for the record in work, or (`direct`) go to the descriptor: those to standard output through a
    buffer, as Python has it.
    """

    def __init__(self, answers, descriptor):
        io.BufferedIOBase.__init__(self)
        self.answers = answers
        self.descriptor = descriptor
        self.direct = True
        self.kept = []
        self.size = 0
        self.name = '<stdout>' if descriptor == 1 else '<stderr>'
        self.mode = 'wb'
        self.raw = self

    def writable(self):
        return True

    def fileno(self):
        return self.descriptor

    def isatty(self):
        return False

    def write(self, data):
        data = memoryview(data).tobytes()
        with self.answers.lock:
            if not self.direct:
                self.answers.capture(self.descriptor, data)
                return len(data)
            self.kept.append(data)
            self.size += len(data)
            if self.descriptor == 2 or self.size > 8192:
                self.flush()
        return len(data)

    def flush(self):
        with self.answers.lock:
            if self.kept:
                data = b''.join(self.kept)
                del self.kept[:]
                self.size = 0
                write_all(self.descriptor, data)

    def close(self):
        """Remains open: later records print, too."""
        self.flush()


class Streams(object):
    """sys.stdout and sys.stderr, which write to their descriptors until they are captured."""

    def __init__(self, answers):
        self.both = [Stream(answers, 1), Stream(answers, 2)]
        texts = [io.TextIOWrapper(stream, 'utf-8', 'surrogateescape', '\n', write_through=True) for stream in self.both]
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = texts

    def set_direct(self, direct):
        self.flush()
        for stream in self.both:
            stream.direct = direct

    def flush(self):
        for stream in self.both:
            try:
                stream.flush()
            except OSError:  # nobody reads it
                pass


# ---- The user's code -----------------------------------------------------------------------------------------------

ONLY_SYNTAX_TREE = 0x400  # ast.PyCF_ONLY_AST: the module ast takes long to import


def nodes_of(tree):
    """Returns all nodes of a syntax tree."""
    found = [tree]
    for node in found:
        for field in node._fields:
            part = getattr(node, field, None)
            found += [one for one in (part if isinstance(part, list) else [part]) if hasattr(one, '_fields')]
    return found


def kind(node):
    return type(node).__name__


class Code(object):
    """CODE, --setup and --teardown: the user's module, and the functions made of CODE."""

    def __init__(self, code):
        self.code = code
        self.module = type(sys)('__main__')
        self.names = self.module.__dict__
        self.names['__builtins__'] = sys.modules['builtins']
        self.function = None  # of MODULE:FUNCTION, or what a bare name stands for
        self.root = None  # the name that it begins with, if it is a bare one
        self.used = set()  # names in the expression
        self.made = {}  # functions made of the expression, by their parameters

    def prepare(self, setups):
        """Does what comes before the first record."""
        if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(OWN_FILE)):
            del sys.path[0]
        sys.path.insert(0, '')
        # where mpmap_state is
        sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(OWN_FILE))), 'python'))
        sys.argv = ['mpmap']
        sys.modules['__main__'] = self.module
        named = self.code.split(':')
        is_named = len(named) == 2 and named[0] != 'lambda' and all(
            [word.isidentifier() for part in named for word in part.split('.')])
        if not is_named:
            self.parse()
        for number, setup in enumerate(setups, 1):
            self.execute(setup, '<setup>' if number == 1 else '<setup %d>' % number)
        if is_named:
            self.function = self.find(named[0], named[1])
        else:
            self.import_modules()
            self.find_bare()

    def find_bare(self):
        """Finds what CODE stands for if it is nothing but the name of a function: f, or str.upper."""
        path = dotted(self.tree.body)
        if not path or path[0] in ('x', 'a', 'seq', 'attempt'):
            return
        try:
            value = eval(self.code, self.names)
        except (NameError, AttributeError):  # a name of the record
            return
        if callable(value):
            self.function = value
            self.root = path[0]

    def execute(self, text, name):
        SOURCES[name] = text
        exec(compile(text, name, 'exec'), self.names)

    def find(self, module, path):
        __import__(module)
        function = sys.modules[module]
        for name in path.split('.'):
            function = getattr(function, name)
        if not callable(function):
            raise TypeError("'%s' object is not callable" % type(function).__name__)
        return function

    def parse(self):
        text = self.code.strip()
        SOURCES['<python>'] = text
        compile(text, '<python>', 'eval')
        self.tree = compile(text, '<python>', 'eval', ONLY_SYNTAX_TREE)
        self.used = set([node.id for node in nodes_of(self.tree) if kind(node) == 'Name'])

    def import_modules(self):
        """Imports the modules that the expression names: what has an attribute and is not defined otherwise."""
        builtins = sys.modules['builtins'].__dict__
        nodes = nodes_of(self.tree)
        bound = set([node.id for node in nodes if kind(node) == 'Name' and kind(node.ctx) != 'Load'])
        bound.update([node.arg for node in nodes if kind(node) == 'arg'])
        bound.update(['x', 'a', 'seq', 'attempt'])
        for path in [dotted(node) for node in nodes if kind(node) == 'Attribute']:
            if path and path[0] not in bound and path[0] not in self.names and path[0] not in builtins:
                module = import_if_there(path[0])
                if module is not None:
                    self.names[path[0]] = module
                    import_parts(module, path)

    def make(self, parameters):
        """Returns the expression as a function of these parameters."""
        function = self.made.get(parameters)
        if function is None:
            tree = compile('lambda %s: 0' % ', '.join(parameters), '<python>', 'eval', ONLY_SYNTAX_TREE)
            tree.body.body = self.tree.body
            function = eval(compile(tree, '<python>', 'eval'), self.names)
            function.__code__ = function.__code__.replace(co_name='<expression>')
            self.made[parameters] = function
        return function


def dotted(node):
    """Returns the names of an expression a.b.c, or None if it is not one."""
    path = []
    while kind(node) == 'Attribute':
        path.insert(0, node.attr)
        node = node.value
    return [node.id] + path if kind(node) == 'Name' else None


def import_if_there(name):
    """Imports a module; returns None if there is none of that name."""
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name != name and not name.startswith(error.name + '.'):
            raise
        return None
    return sys.modules[name]


def import_parts(module, path):
    """Imports the modules within a package that a path like urllib.parse.quote names."""
    for length in range(2, len(path) + 1):
        if hasattr(module, path[length - 1]) or not hasattr(module, '__path__'):
            module = getattr(module, path[length - 1], None)
        else:
            module = import_if_there('.'.join(path[:length]))
        if module is None:
            return


# ---- Calls ---------------------------------------------------------------------------------------------------------


class Settings(object):
    """What a `begin` message says."""

    def __init__(self, data=b''):
        self.delimiter = '\n'
        self.singles = self.values = self.json = False
        self.columns = []
        for setting in data.split(b'\0'):
            key, _, value = setting.decode('utf-8', 'surrogateescape').partition('=')
            if key == 'delimiter':
                self.delimiter = chr(int(value))
            elif key == 'singles':
                self.singles = value == '1'
            elif key == 'value':
                self.values = value == '1'
            elif key == 'json':
                self.json = value == '1'
            elif key == 'name':
                self.columns.append(value)


class Calls(object):
    """How the user's function is called: for a record that is not divided, and for one with values."""

    def __init__(self, code, settings):
        self.code = code
        self.settings = settings
        self.function = None if code.root in settings.columns else code.function
        self.seq = lambda: 0  # returns the number of the record in work
        self.attempt = 1
        self.usual = frozenset(['x', 'a', 'seq', 'attempt'] + settings.columns)

    def for_record(self):
        """Returns the function of one record that is not divided."""
        function = self.function
        if self.settings.json:
            return self.call_json
        if function is not None:
            return function
        if not (self.code.used & self.usual) - set(['x']):
            return self.code.make(('x',))
        return lambda record: self.evaluate(record, [record], zip(self.settings.columns, [record]))

    def for_values(self):
        """Returns the function of a pair: a record and the list of its values."""
        function = self.function
        columns = self.settings.columns
        undivided = self.for_record()
        if function is not None:
            return lambda pair: function(*pair[1]) if pair[1] else undivided(pair[0])
        return lambda pair: self.evaluate(pair[0], pair[1], zip(columns, pair[1])) if pair[1] else undivided(pair[0])

    def call_json(self, text):
        value = JSON.parse(text)
        if self.function is not None and not (type(value) is dict and self.code.root in value):
            return self.function(value)
        return self.evaluate(value, [value], value.items() if type(value) is dict else ())

    def evaluate(self, x, a, named):
        """Calls the expression with those of the record's names that it uses."""
        used = self.code.used
        names = {'a': a, 'attempt': self.attempt}
        if 'seq' in used:
            names['seq'] = self.seq()
        if len(a) < len(self.settings.columns):
            names.update(dict.fromkeys(self.settings.columns))
        names.update(named)
        names['x'] = x
        parameters = tuple([name for name in used if name in names])
        return self.code.make(parameters)(*[names[name] for name in parameters])


# ---- Records -------------------------------------------------------------------------------------------------------


class Adapter(object):
    """Serves the records that mpmap sends."""

    def __init__(self, code, teardowns, isolate):
        self.code = code
        self.teardowns = teardowns
        self.isolate = isolate
        self.answers = Answers()
        self.streams = Streams(self.answers)
        self.forked = False  # True in a process that the user's code has forked
        self.mark = None
        self.slice = 1  # records that are run between two looks at the clock
        self.sent = 0.0  # time of the last send

    # -- The beginning and the end --

    def prepare(self, setups):
        """Does what comes before the first record. Returns why that failed, in words, or None."""
        os.register_at_fork(after_in_child=self.after_fork)
        try:
            self.code.prepare(setups)
            words = None
        except BaseException as error:
            status, words = outcome(error)
            words = words if isinstance(error, Exception) else describe(error)
        if self.forked:
            self.leave(0 if words is None else status, words or b'')
        self.streams.flush()
        return words

    def serve(self):
        """Serves until there are no more records."""
        import mmap
        self.mark = memoryview(mmap.mmap(MARK, 8)).cast('Q')
        for descriptor in (REQUESTS, ANSWERS, MARK):
            close_on_exec(descriptor)
        self.answers.write(b'hello 1 each\n' if self.isolate else b'hello 1 mark\n')
        self.requests = io.open(REQUESTS, 'rb', 1 << 17, closefd=False)
        self.begin(Settings())
        self.streams.set_direct(self.isolate)
        while self.serve_message():
            pass
        with self.answers.lock:
            self.streams.set_direct(True)
            for data, stream in zip(self.answers.take(), self.streams.both):
                stream.write(data)
        return self.tear_down()

    def tear_down(self):
        try:
            for number, code in enumerate(self.teardowns, 1):
                self.code.execute(code, '<teardown>' if number == 1 else '<teardown %d>' % number)
            return 0
        except BaseException as error:
            status, words = outcome(error)
            sys.stdout.flush()
            write_all(2, words)
            return status if status >= 0 else 1

    # -- Messages --

    def serve_message(self):
        """Serves one message; false if it was the last, or came in part."""
        line = self.requests.readline()
        if not line.endswith(b'\n'):
            return False
        words = line.split()
        size = int(words[-1])
        data = self.requests.read(size)
        if len(data) < size:
            return False
        if words[0] == b'begin':
            self.begin(Settings(data))
            return True
        first, count, self.calls.attempt = [int(word) for word in words[1:4]]
        if words[0] == b'lines':
            call, records = self.call_record, self.split_lines(data)
        else:
            call, records = self.call_values, split_values(data)
        if len(records) != count:
            raise ValueError('%d records were announced, %d have come' % (count, len(records)))
        self.run_block(call, records, first)
        return True

    def begin(self, settings):
        self.settings = settings
        self.answers.singles = settings.singles
        self.answers.values = settings.values
        self.calls = Calls(self.code, settings)
        self.calls.seq = sys.mpmap_record = lambda: self.mark[0]  # mpmap_state asks which record is in work
        self.call_record = self.calls.for_record()
        self.call_values = self.calls.for_values()

    def split_lines(self, data):
        delimiter = self.settings.delimiter
        if delimiter < '\x80':
            records = data.decode('utf-8', 'surrogateescape').split(delimiter)
        else:
            records = [part.decode('utf-8', 'surrogateescape') for part in data.split(delimiter.encode('latin-1'))]
        records.pop()
        return records

    # -- Running --

    def run_block(self, call, records, first):
        """Runs the records in slices: short ones while the function is slow, so that what is answered is sent soon."""
        self.answers.first = first
        self.answers.began = time.perf_counter_ns()
        run = self.run_isolated if self.isolate else self.run_slice
        position = 0
        while position < len(records):
            part = records[position:position + self.slice]
            began = time.monotonic()
            run(call, enumerate(part, first + position))
            now = time.monotonic()
            position += len(part)
            if now - began > 0.010:
                self.slice = max(1, self.slice // 2)
            elif now - began < 0.002:
                self.slice = min(64, self.slice * 2)
            if len(self.answers.texts) > 250:
                self.answers.pack()
            if now - self.sent > 0.010 or self.answers.waiting > PIECE:
                self.answers.send()
                self.sent = now
        self.answers.send()
        self.sent = time.monotonic()

    def run_slice(self, call, numbered):
        """Runs the records, which come with their numbers."""
        run = self.run_for_values if self.settings.values or self.answers.singles else self.run_for_text
        running = True
        while running:
            try:
                run(call, numbered)
                running = False
            except BaseException as error:
                status, words = outcome(error)
                if self.forked:
                    self.leave(status, words)
                self.answers.failed(status, words)
        if self.forked:
            self.leave(0, b'')

    def run_for_text(self, call, numbered):
        """Runs records whose values are output. The number is stored in the mark by the loop itself."""
        mark = self.mark
        captured = self.answers.captured
        append = self.answers.texts.append
        for mark[0], record in numbered:
            value = call(record)
            kind = type(value)
            if captured:
                self.answers.ended(value)
            elif kind is str:
                append(value)
            elif kind is int:
                append(str(value))
            else:
                self.answers.ended(value)

    def run_for_values(self, call, numbered):
        """Runs records whose values are sent as JSON, or that have a message each."""
        mark = self.mark
        for mark[0], record in numbered:
            self.answers.ended(call(record))

    # -- Processes that the user's code forks --

    def after_fork(self):
        """Makes a forked process one that never speaks to mpmap.

        What it prints goes to its descriptors. If it returns from the call, the next store into the mark raises, or the
        slice ends, and it leaves.
        """
        if not forking and not self.forked:
            self.quit_protocol()

    def quit_protocol(self):
        """Gives up what belongs to the process that this one was forked from."""
        self.forked = True
        forget_ends()
        if self.mark is not None:
            self.mark.release()
        self.answers.forget()
        for stream in self.streams.both:
            stream.direct = True
        for descriptor in (REQUESTS, ANSWERS, MARK):
            close_quietly(descriptor)

    def leave(self, status, words):
        """Ends a forked process as a Python of its own would end: with what is printed, and returned, written."""
        answers = self.answers
        if answers.texts or answers.parts or answers.messages:
            status, words = 0, b''  # the call has returned: what was raised after it is the mark's refusal
        try:
            for out in answers.parts + [text.encode('utf-8', 'surrogateescape') + b'\n' for text in answers.texts]:
                self.streams.both[0].write(out)
            write_all(2, words)
            run_ends()
            self.streams.both[0].flush()
        except (OSError, UnicodeEncodeError):
            status = status or 120  # as Python ends if standard output fails at last
        end_process(status)

    # -- A process for each record --

    def run_isolated(self, call, numbered):
        for number, record in numbered:
            self.mark[0] = number
            isolated = Isolated(self, self.settings.values)
            if isolated.fork() == 0:
                isolated.run(call, record)
            isolated.follow()
            self.answers.send()


def split_values(data):
    """Returns pairs: a record as a whole, and the list of its values."""
    fields = data.decode('utf-8', 'surrogateescape').split('\0')
    records = []
    at = 0
    end = len(fields) - 1
    while at < end:
        count = int(fields[at])
        records.append((fields[at + 1], fields[at + 2:at + 2 + count]))
        at += 2 + count
    return records


def signals():
    """Returns what the module signal is made of: it takes longer to import than all that the adapter needs."""
    try:
        import _signal as module
    except ImportError:
        import signal as module
    return module


def end_process(status):
    """Ends this process at once with a status, or by a signal."""
    if status < 0:
        signal = signals()
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def own_fork():
    """Forks without the child becoming one of the user's."""
    global forking
    forking = True
    try:
        return os.fork()
    finally:
        forking = False


class Isolated(object):
    """The process of one record, and the pipes that its output, its errors and its value come through."""

    def __init__(self, adapter, values):
        self.adapter = adapter
        self.answers = adapter.answers
        self.pipes = [os.pipe() for _ in range(3 if values else 2)]
        self.value = []

    def fork(self):
        self.child = own_fork()
        if self.child != 0:
            for _, end in self.pipes:
                os.close(end)
        return self.child

    # -- In the process of the record --

    def run(self, call, record):
        """Runs the record and ends the process."""
        for number, (end, own) in enumerate(self.pipes, 1):
            os.close(end)
            if number < 3:
                os.dup2(own, number)
                os.close(own)
        mark = self.adapter.mark[0]
        self.adapter.calls.seq = lambda: mark
        self.adapter.quit_protocol()
        self.owner = os.getpid()
        try:
            self.write_value(call(record))
            status, words = 0, b''
        except BaseException as error:
            status, words = outcome(error)
        self.adapter.leave(status, words)

    def write_value(self, value):
        if len(self.pipes) < 3:
            self.adapter.streams.both[0].write(returned(value))
        elif os.getpid() == self.owner:
            write_all(self.pipes[2][1], JSON.text(value))

    # -- In the adapter --

    def follow(self):
        """Passes on what comes from the process, and answers the record when it has ended."""
        import select
        poll = select.poll()
        self.open = {}
        for number, (end, _) in enumerate(self.pipes, 1):
            os.set_blocking(end, False)
            self.open[end] = number
            poll.register(end, select.POLLIN)
        status = None
        checked = time.monotonic()
        while self.open and status is None:
            ready = poll.poll(10)
            for end, _ in ready:
                if self.read(end) == b'':
                    poll.unregister(end)
            # Its children may hold the pipes open for longer than it runs.
            if time.monotonic() - checked > 0.010:
                checked = time.monotonic()
                pid, ended = os.waitpid(self.child, os.WNOHANG)
                status = ended if pid else None
        if status is None:
            status = os.waitpid(self.child, 0)[1]
        self.drain()
        self.answer(status)

    def read(self, end):
        """Reads a pipe once. Returns None if nothing has come, and b'' at its end, when it is closed."""
        try:
            data = os.read(end, LIMIT)
        except BlockingIOError:
            return None
        if not data:
            del self.open[end]
            os.close(end)
        elif self.open[end] == 3:
            self.value.append(data)
        else:
            self.answers.capture(self.open[end], data)
        return data

    def drain(self):
        """Reads what an ended process has left in its pipes, and closes them."""
        for end in list(self.open):
            for _ in range(16):  # as much as a pipe can hold, even where another process still writes
                if not self.read(end):
                    break
        for end in self.open:
            os.close(end)

    def answer(self, status):
        if os.WIFSIGNALED(status):
            self.answers.failed(-os.WTERMSIG(status), b'')
        elif os.WEXITSTATUS(status) != 0 or not self.value:
            self.finish(os.WEXITSTATUS(status), None)
        else:
            self.finish(0, b''.join(self.value))

    def finish(self, status, json):
        with self.answers.lock:
            out, errors = self.answers.take()
            self.answers.result(status, out, errors, json)


def forget_ends():
    """Forgets what the process that this one was forked from is to do at its end."""
    import atexit
    atexit._clear()
    if 'multiprocessing.process' in sys.modules:
        sys.modules['multiprocessing.process']._children = set()


def run_ends():
    """Does what Python does at its end: waits for threads, calls what atexit has, ends child processes."""
    import atexit
    if 'threading' in sys.modules:
        sys.modules['threading']._shutdown()
    atexit._run_exitfuncs()
    if 'multiprocessing.util' in sys.modules:
        sys.modules['multiprocessing.util']._exit_function()


# ---- The prototype -------------------------------------------------------------------------------------------------
#
# One process does the setup, and the adapter of each worker is forked from it. Between the two stands a watcher, which
# waits for the adapter and reports its end to the worker. The kernel kills the adapter if the worker ends.


def reserve_descriptors():
    """Takes descriptors 4 and 5, so that nothing the setup opens gets these numbers."""
    for descriptor in (ANSWERS, MARK):
        os.dup2(0, descriptor)
        close_on_exec(descriptor)


def serve_forks():
    """Forks adapters as mpmap requests them. Returns true in such an adapter, and false when no more are wanted."""
    signal = signals()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    requests = io.open(REQUESTS, 'rb', closefd=False)
    while True:
        words = requests.readline().split()
        if len(words) != 11:
            return False
        try:
            status, = open_descriptors(int(words[1]), words[7:8], [os.O_WRONLY])
            write_all(status, b'begun 0\n')
        except OSError:  # the worker is gone
            continue
        if own_fork() == 0:
            become_watcher(words, status)
            return True
        os.close(status)


def become_watcher(words, status):
    """Forks an adapter, tells its worker of its start and its end, and exits. Returns in the adapter only."""
    signal = signals()
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        modes = [os.O_RDONLY, os.O_WRONLY, os.O_RDWR] + [os.O_WRONLY] * 3
        requests, answers, mark, out, errors, life = open_descriptors(int(words[1]), words[2:7] + words[8:9], modes)
        adapter = own_fork()
        if adapter == 0:
            os.setpgid(0, 0)
            place_descriptors([(out, 1), (errors, 2), (requests, REQUESTS), (answers, ANSWERS), (mark, MARK)])
            close_quietly(status)
            close_quietly(life)
            os.environ['MPMAP_SLOT'] = words[9].decode()
            os.environ['MPMAP_WORKER'] = words[10].decode()
            return
        os.setpgid(adapter, adapter)
        kill_with(life, adapter)
        write_all(status, b'started %d\n' % adapter)
        close_all_but([status, life])
        write_all(status, b'ended %d\n' % os.waitpid(adapter, 0)[1])
    except OSError:  # the worker is gone
        pass
    os._exit(0)


def open_descriptors(pid, numbers, modes):
    """Opens descriptors of another process, as numbers above those that have a meaning."""
    import fcntl
    opened = []
    for number, mode in zip(numbers, modes):
        low = os.open('/proc/%d/fd/%d' % (pid, int(number)), mode)
        opened.append(fcntl.fcntl(low, fcntl.F_DUPFD, 10))
        close_on_exec(opened[-1])
        os.close(low)
    return opened


def place_descriptors(moves):
    for source, target in moves:
        os.dup2(source, target)
        os.close(source)


def kill_with(life, adapter):
    """Has the kernel kill the adapter's process group once nobody has the reading end of the pipe any more."""
    import fcntl
    import select
    signal = signals()
    fcntl.fcntl(life, fcntl.F_SETOWN, -adapter)
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(life, 0)
    if poll.poll(0):  # it was closed before
        os.killpg(adapter, signal.SIGKILL)


def close_all_but(kept):
    for name in os.listdir('/proc/self/fd'):
        if int(name) not in kept:
            close_quietly(int(name))


# ---- Start ---------------------------------------------------------------------------------------------------------


def read_arguments(arguments):
    """Returns CODE, the list of --setup, the list of --teardown, and whether --isolate is there."""
    setups, teardowns, isolate = [], [], False
    end = arguments.index('--')
    for argument in arguments[:end]:
        name, _, value = argument.partition('=')
        if name == '--setup':
            setups.append(value)
        elif name == '--teardown':
            teardowns.append(value)
        elif argument == '--isolate':
            isolate = True
        else:
            raise ValueError(argument)
    code, = arguments[end + 1:]
    return code, setups, teardowns, isolate


def too_old():
    """Returns why this Python cannot serve, in words, or None."""
    if sys.version_info[:2] >= OLDEST:
        return None
    words = '%s is Python %d.%d.%d; mpmap --python needs Python %d.%d or later\n'
    return (words % ((sys.executable,) + tuple(sys.version_info[:3]) + OLDEST)).encode()


def run(arguments):
    code, setups, teardowns, isolate = read_arguments(arguments)
    is_prototype = os.environ.pop('MPMAP_BLOCK_FORK', '') == '1'
    if is_prototype:
        reserve_descriptors()
    words = too_old()
    if words is None:
        adapter = Adapter(Code(code), teardowns, isolate)
        words = adapter.prepare(setups)
        if is_prototype or isolate:
            import gc
            gc.freeze()  # what the setup has made remains shared between the processes
    if is_prototype and not serve_forks():
        return 0
    if words is not None:
        write_all(ANSWERS, b'fail 2 %d\n' % len(words) + words)
        return 2
    return adapter.serve()


def main():
    try:
        os.fstat(REQUESTS)
        status = run(sys.argv[1:])
    except (OSError, ValueError):
        error = sys.exc_info()[1]
        status = 1
        if getattr(error, 'errno', 0) != errno.EPIPE:  # else mpmap is gone
            sys.stderr.write('adapter.py: %s (it is started by mpmap --python)\n' % error)
            status = 2
    except KeyboardInterrupt:
        end_process(-2)
    sys.exit(status)


if __name__ == '__main__':
    main()
