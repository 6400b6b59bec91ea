#!/usr/bin/env python3
"""The house rules that no compiler checks. Prints `path:line: rule: what to do instead`; exit 1 if any.

Each rule is a function from a file (or the tree) to problems. A file that must break a rule for a
stated reason has a line in tools/tidy_allow.txt; a line that is no longer needed is a problem too,
so that list only shrinks. tools/tidy_test.py breaks every rule once.
"""

import pathlib
import re
import sys

import cpp_text

ROOT = pathlib.Path(__file__).resolve().parent.parent

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
README_LINES_MAX = 120
MODULE_README_LINES_MAX = 25
LINE_COLUMNS_MAX = 100

CPP = (".cc", ".h")
CODE = (*CPP, ".py", ".sh", ".ts", ".tsx", ".js", ".mjs", ".css", ".cmake", ".txt")
TEXT = (*CODE, ".md", ".toml", ".http", ".service", ".json", ".html", "")
CPP_FOLDERS = ("src", "sim", "bench", "tests")
SKIPPED_FOLDERS = {".git", "build", "dist", "node_modules", "__pycache__", ".cache", "golden", "fuzz"}

# What we do not call: pattern in code, what to use instead, where it may stand (path prefixes).
BANNED = [
    (r"(?<![\w.>:])(?:std::)?s?rand\s*\(", "Random of base/random.h", ()),
    (r"\bstd::(?:random_device|mt19937(?:_64)?|default_random_engine|minstd_rand0?)\b",
     "Random of base/random.h", ("src/base/random",)),
    (r"(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)", "Clock of base/clock.h", ("src/base/clock",)),
    (r"\b(?:gettimeofday|clock_gettime)\s*\(", "Clock of base/clock.h", ("src/base/clock",)),
    (r"\b(?:system|high_resolution)_clock::now\b", "Clock of base/clock.h", ("src/base/", "bench/")),
    (r"\bsteady_clock::now\b", "Clock of base/clock.h", ("src/base/", "bench/")),
    (r"\b(?:std::this_thread::sleep_(?:for|until)|usleep|nanosleep)\b", "Clock of base/clock.h, or wait for a condition",
     ("src/base/", "bench/", "tests/")),
    (r"\bstd::(?:(?:recursive_|shared_|timed_)?mutex|lock_guard|unique_lock|scoped_lock|shared_lock|condition_variable(?:_any)?)\b",
     "Mutex and MutexLock of base/mutex.h, which clang can check", ("src/base/mutex",)),
    (r"(?<!\w)throw\b", "Result of base/result.h", ()),
    (r"\.detach\s*\(\s*\)", "a thread that its owner joins", ()),
    (r"(?<![\w.>:])(?:std::)?(?:printf|puts|putchar|fputs|fprintf|vprintf|vfprintf)\s*\(|\bstd::(?:cout|cerr|clog)\b",
     "the log of base/, or output in app/",
     ("src/app/", "src/base/result.cc", "src/base/log", "bench/", "sim/", "tests/", "_test.cc", "_bench.cc")),
    (r"(?<![\w.>])(?:std::)?(?:sprintf|strcpy|strcat|strtok|gets)\s*\(", "std::string or fmt::format", ()),
    (r"(?<![\w.>])(?:std::)?(?:atoi|atol|atoll|atof|stoi|stol|stoll|stoul|stoull|stof|stod)\s*\(",
     "std::from_chars, which says when it fails", ()),
    (r"(?<![\w.>])(?:std::)?(?:getenv|setenv|putenv)\s*\(", "a setting of app/settings.cc, passed to the constructor",
     ("src/app/", "bench/", "sim/", "tests/", "_test.cc")),
    (r"(?<![\w.>:])(?:std::)?(?:system|popen)\s*\(", "no shell", ("tests/",)),
    (r"(?<![\w.>])(?:std::)?assert\s*\(", "CHECK of base/check.h, which stays on in release", ()),
    (r"(?<![\w.>])(?:std::)?(?:abort|_exit|quick_exit|exit)\s*\(", "a Result, or CHECK for a bug",
     ("src/app/", "src/base/result.cc", "tests/", "bench/", "sim/", "_test.cc")),
    (r"\bstd::(?:regex|basic_regex)\b", "a parser of your own: std::regex recurses on its input", ()),
    (r"(?<!=)(?<!= )\bdelete(?:\s*\[\s*\])?\s+[\w*(]", "std::unique_ptr", ()),
    (r"\bfriend\b(?![^;{]*\boperator\b)", "a class of its own for what the friend wants to see", ()),
    (r"\busing\s+namespace\s+std\s*;", "the names one by one", ()),
    (r"#\s*pragma\s+omp\b|\bomp_get_\w+", "no OpenMP: models must rebuild bit for bit", ()),
]
BANNED = [(re.compile(pattern), instead, allowed) for pattern, instead, allowed in BANNED]

LEFTOVERS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.\-}])/(?:home|Users|wo" r"rk)/[a-z]")
TYPE_NAME = re.compile(r"\b(?:class|struct|union|enum\s+class|enum)\s+(?:\[\[\w+\]\]\s*)?([A-Z]\w*)\s*(?:final\s*)?[:{]")
TYPE_SUFFIX = re.compile(r"(?:Impl|Base|Info|Data|Handler|Manager|Helper|Utils?|2)$")
NAMELESS_FILES = re.compile(r"(?:^|_)(?:utils?|common|helpers?|misc|manager)(?:_|$)")
MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
FILE_TOKEN = re.compile(r"`([\w./\-]+\.(?:h|cc|md|py|txt|toml|ts|http|cmake)|[\w./\-]+\.\{[\w,.]+\})`")


class Problem:
    """One broken rule. `key` names what tools/tidy_allow.txt would have to name."""

    def __init__(self, path, line, rule, text, key=None, size=None):
        self.path, self.line, self.rule, self.text = path, line, rule, text
        self.key = key or path
        self.size = size

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def may_stand(path, places):
    return any(path.endswith(place) if place.startswith("_") else path.startswith(place) for place in places)


# ---------------------------------------------------------------- rules for one file

def check_banned_calls(path, code):
    for pattern, instead, places in BANNED:
        if may_stand(path, places):
            continue
        for match in pattern.finditer(code):
            name = match.group(0).strip(" (")
            yield Problem(path, line_of(code, match.start()), "banned-call", f"{name}: use {instead}")


def check_file_length(path, text):
    count = text.count("\n")
    if count > FILE_LINES_MAX:
        yield Problem(path, FILE_LINES_MAX, "file-length", f"{count} lines, at most {FILE_LINES_MAX}: split by what it does", size=count)


def check_function_length(path, code):
    for name, first, last in cpp_text.functions(code):
        count = last - first + 1
        if count > FUNCTION_LINES_MAX:
            yield Problem(path, first, "function-length", f"{name} has {count} lines, at most {FUNCTION_LINES_MAX}",
                          key=f"{path}:{name}", size=count)


def check_header_shape(path, text):
    if not path.endswith(".h"):
        return
    if not text.startswith("//"):
        yield Problem(path, 1, "header-shape", "open with a comment that says what this is")
    if "\n#pragma once\n" not in text:
        yield Problem(path, 1, "header-shape", "needs #pragma once")


def check_names(path, code, forbidden):
    code = re.sub(r"^[ \t]*#.*$", "", code, flags=re.M)
    seen = set()
    for match in re.finditer(r"[A-Za-z_]\w*", code):
        if match.group(0).isupper():
            continue  # a macro, and so a library's: Z_DEFAULT_STRATEGY
        for word in cpp_text.words(match.group(0)):
            if word in forbidden and (word, match.group(0)) not in seen:
                seen.add((word, match.group(0)))
                yield Problem(path, line_of(code, match.start()), "glossary",
                              f"{match.group(0)}: we say {forbidden[word]}", key=f"{path}:{match.group(0)}")
    for match in TYPE_NAME.finditer(code):
        if TYPE_SUFFIX.search(match.group(1)):
            yield Problem(path, line_of(code, match.start()), "type-name", f"{match.group(1)}: name what it is")


def check_test_file(path, code):
    if path.endswith("_test.cc") and not re.search(r"\b(?:TYPED_)?TEST(?:_[FP])?\s*\(|\bRC_GTEST_\w+\s*\(", code):
        yield Problem(path, 1, "empty-test", "has no test")


def check_text_file(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if LEFTOVERS.search(line):
            yield Problem(path, number, "leftover", "finish it, or write down the limit where users look")
        if MACHINE_PATHS.search(line):
            yield Problem(path, number, "machine-path", "a path of one machine: take it from a setting")
        if path.endswith(CPP) and len(line) > LINE_COLUMNS_MAX:
            yield Problem(path, number, "line-length", f"{len(line)} columns, at most {LINE_COLUMNS_MAX}")
        if path.endswith(CODE) and line.endswith((" ", "\t", "\r")):
            yield Problem(path, number, "white-space", "at the end of the line")
        if path.endswith(CPP) and "\t" in line:
            yield Problem(path, number, "white-space", "tab")
    if text and not text.endswith("\n"):
        yield Problem(path, text.count("\n") + 1, "white-space", "no newline at the end of the file")


def check_file_name(path):
    name = pathlib.PurePosixPath(path).name
    if name.startswith("coverage_"):
        yield Problem(path, 1, "file-name", "name a test by the behaviour it checks")
    if path.startswith("src/"):
        for part in path[4:].split("/"):
            if NAMELESS_FILES.search(part.split(".")[0]):
                yield Problem(path, 1, "file-name", f"{part}: name what it is, or give it to one module")


def check_markdown(path, text, root):
    prose = cpp_text.without_code_fences(text)
    titles = [i for i, line in enumerate(prose.split("\n"), 1) if re.match(r"# \S", line)]
    if len(titles) != 1 or titles[0] != 1:
        yield Problem(path, titles[1] if len(titles) > 1 else 1, "markdown", "one title, on the first line")
    for match in MARKDOWN_LINK.finditer(prose):
        target = match.group(1)
        if not re.match(r"[a-z]+:|/", target) and not (root / path).parent.joinpath(target).exists():
            yield Problem(path, line_of(prose, match.start()), "markdown", f"link to {target}, which does not exist")
    count = text.count("\n")
    if path == "README.md" and count > README_LINES_MAX:
        yield Problem(path, README_LINES_MAX, "file-length", f"{count} lines, at most {README_LINES_MAX}", size=count)


def named_files(token):
    """`a.{h,cc}` as a.h and a.cc; anything else as itself."""
    match = re.fullmatch(r"(.*)\.\{([\w,.]+)\}", token)
    if not match:
        return [token]
    return [f"{match.group(1)}.{suffix.strip('.')}" for suffix in match.group(2).split(",")]


def check_module_readme(path, text, root):
    count = text.count("\n")
    if count > MODULE_README_LINES_MAX:
        yield Problem(path, MODULE_README_LINES_MAX, "file-length", f"{count} lines, at most {MODULE_README_LINES_MAX}", size=count)
    folder = (root / path).parent
    for match in FILE_TOKEN.finditer(text):
        for name in named_files(match.group(1)):
            if not any((place / name).exists() for place in (folder, root / "src", root)):
                yield Problem(path, line_of(text, match.start()), "module-readme", f"{name} does not exist")


def check_adding_page(path, text, root):
    """Every file under `## Touch` exists; of a path with a <placeholder>, its folder."""
    match = re.search(r"^## Touch$(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not match:
        yield Problem(path, 1, "adding", "needs a section `## Touch` that lists the files")
        return
    for token in re.finditer(r"`([\w./<>\-{},]+/[\w./<>\-{},]*)`", match.group(1)):
        fixed = token.group(1).split("<")[0]
        names = named_files(fixed) if fixed == token.group(1) else [fixed.rsplit("/", 1)[0]]
        for name in names:
            if not (root / name).exists():
                yield Problem(path, line_of(text, match.start(1) + token.start()), "adding", f"{name} does not exist")


# ---------------------------------------------------------------- rules for the tree

def check_dead_headers(files):
    """A header of src/ that only its own source and its own tests include is used by nobody."""
    users = {}
    for path, text in files.items():
        if path.endswith(CPP):
            for included in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
                users.setdefault(included, set()).add(path)
    for path in files:
        if path.startswith("src/") and path.endswith(".h"):
            own = re.compile(re.escape(path[:-2]) + r"(?:_(?:test|fuzz|bench))?\.cc")
            if not any(not own.fullmatch(user) for user in users.get(path[4:], ())):
                yield Problem(path, 1, "dead-header", "nobody but its own test includes it: use it or delete it")


def check_modules(files):
    modules = sorted({path.split("/")[1] for path in files if path.startswith("src/") and path.endswith(CPP)})
    for module in modules:
        if f"src/{module}/README.md" not in files:
            yield Problem(f"src/{module}", 1, "module-readme", "needs a README.md of at most 25 lines")
        if not any(path.startswith(f"src/{module}/") and path.endswith("_test.cc") for path in files):
            yield Problem(f"src/{module}", 1, "module-tests", "has no test")


# ---------------------------------------------------------------- the run

def read_tree(root):
    """Every text file we wrote, as {path from the root: text}."""
    files = {}
    for file in sorted(root.rglob("*")):
        relative = file.relative_to(root)
        if SKIPPED_FOLDERS.intersection(relative.parts) or not file.is_file() or file.is_symlink():
            continue
        path = relative.as_posix()
        if path == "LICENSE" or path.endswith("package-lock.json"):
            continue
        if file.suffix in TEXT and not path.startswith("."):
            try:
                files[path] = file.read_text()
            except UnicodeDecodeError:
                continue
    return files


def read_allowances(text):
    """{(rule, key): size or None} of `rule key [size]  # reason` lines."""
    allowances = {}
    for line in text.split("\n"):
        words = line.split("#")[0].split()
        if words:
            allowances[words[0], words[1]] = int(words[2]) if len(words) > 2 else None
    return allowances


def forbidden_words(glossary):
    """{word: what we say} from the glossary's table under `## Words that stand in no identifier`."""
    section = re.search(r"^## Words that stand in no identifier$(.*?)(?=^## |\Z)", glossary, re.M | re.S)
    rows = re.findall(r"^\| ([a-z_]+) \| ([^|]+) \|$", section.group(1), re.M) if section else []
    return {word: say.strip() for word, say in rows if word != "word"}


def check_file(path, text, root, forbidden):
    yield from check_file_name(path)
    yield from check_text_file(path, text)
    if path.endswith(CODE):
        yield from check_file_length(path, text)
    if path.endswith(CPP) and path.startswith(CPP_FOLDERS):
        code = cpp_text.without_comments_and_strings(text)
        yield from check_banned_calls(path, code)
        yield from check_function_length(path, code)
        yield from check_header_shape(path, text)
        yield from check_test_file(path, code)
        if path.startswith("src/"):
            yield from check_names(path, code, forbidden)
    if path.endswith(".md"):
        yield from check_markdown(path, text, root)
        if re.fullmatch(r"src/\w+/README\.md", path):
            yield from check_module_readme(path, text, root)
        if path.startswith("docs/adding/"):
            yield from check_adding_page(path, text, root)


def apply_allowances(problems, allowances):
    """The problems that no line of tidy_allow.txt covers, and the lines that could be smaller."""
    used = {}
    for problem in problems:
        entry = (problem.rule, problem.key)
        if entry not in allowances:
            yield problem
            continue
        used[entry] = max(used.get(entry, 0), problem.size or 0)
        limit = allowances[entry]
        if limit is not None and problem.size is not None and problem.size > limit:
            yield problem
    for entry, limit in allowances.items():
        if entry not in used:
            yield Problem("tools/tidy_allow.txt", 1, "allowance", f"{' '.join(entry)}: no longer needed, delete the line")
        elif limit is not None and used[entry] < limit:
            yield Problem("tools/tidy_allow.txt", 1, "allowance", f"{' '.join(entry)}: {used[entry]} is enough now")


def check_tree(root):
    files = read_tree(root)
    forbidden = forbidden_words(files.get("docs/glossary.md", ""))
    problems = []
    for path, text in files.items():
        problems += check_file(path, text, root, forbidden)
    problems += check_dead_headers(files)
    problems += check_modules(files)
    allowances = read_allowances(files.get("tools/tidy_allow.txt", ""))
    return list(apply_allowances(problems, allowances))


def main():
    problems = check_tree(ROOT)
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"tidy: {len(problems)} problems")
    print("tidy: nothing to say")


if __name__ == "__main__":
    main()
