"""Just enough C++ reading for tidy.py: text without comments and strings, functions with their lines."""

import re

TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*'                       # line comment
    r'|/\*.*?\*/'                              # block comment
    r'|(?:u8|[uUL])?R"([^()\\\s]{0,16})\(.*?\)\1"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'                    # string
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",   # character, not the separator in 1'000
    re.S,
)
NOT_A_FUNCTION = re.compile(r"\b(?:namespace|class|struct|union|enum|requires)\b")


def without_comments_and_strings(text):
    """The same text, same lines and columns, with comments and literals blanked; #include keeps its name."""

    def blank(match):
        start = text.rfind("\n", 0, match.start()) + 1
        if match.group(0).startswith('"') and text[start:match.start()].lstrip().startswith("#"):
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))

    return TOKEN.sub(blank, text)


def without_code_fences(markdown):
    """Markdown with the lines of fenced code blanked, so that `# comment` there is no title."""
    lines = []
    fenced = False
    for line in markdown.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line = ""
        lines.append("" if fenced else line)
    return "\n".join(lines)


def words(identifier):
    """kPageWidgetCount → k, page, widget, count; HTTPServer_max_ → http, server, max."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", identifier)]


def functions(code):
    """(name, first line, last line) of each outermost function body; lambdas count with what holds them.

    `code` is what without_comments_and_strings gave. A body is a `{` outside parentheses whose head,
    the text since the last `;`, `{` or `}`, has parentheses and names no type or namespace.
    """
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda match: re.sub(r"[^\n]", " ", match.group(0)), code, flags=re.M)
    found = []
    head_start = 0
    parens = 0
    depth = 0
    body = None  # (name, first line, depth outside) while inside a function
    for offset, character in enumerate(code):
        if character in "([":
            parens += 1
        elif character in ")]":
            parens = max(0, parens - 1)
        elif character == "{":
            if body is None and parens == 0:
                name = function_name(code[head_start:offset])
                if name:
                    blank = len(code[head_start:offset]) - len(code[head_start:offset].lstrip())
                    body = (name, code.count("\n", 0, head_start + blank) + 1, depth)
            depth += 1
            if parens == 0:
                head_start = offset + 1
        elif character == "}":
            depth -= 1
            if body is not None and depth == body[2]:
                found.append((body[0], body[1], code.count("\n", 0, offset) + 1))
                body = None
            if parens == 0:
                head_start = offset + 1
        elif character == ";" and parens == 0:
            head_start = offset + 1
    return found


def function_name(head):
    """The name of the function that `head` opens, or None if it opens something else."""
    head = strip_template(re.sub(r"\b(?:public|private|protected)\s*:", " ", head).strip())
    outside = outside_parentheses(head)
    if "()" not in outside or NOT_A_FUNCTION.search(outside.split("()")[0]):
        return None
    match = re.search(r"((?:[\w~]+::)*(?:operator\s*(?:\(\)|\[\]|[^\s\w(]+|\w+)|[\w~]+))\s*\(", head)
    if not match:
        return "lambda" if outside.count("()") else None
    name = match.group(1)
    if name in ("TEST", "TEST_F", "TEST_P", "TYPED_TEST"):
        return re.sub(r"\s+", "", head[match.start():].split(")")[0]) + ")"
    return re.sub(r"\s+", "", name)


def strip_template(head):
    """`template <class T, class U = X<T>> void f()` → `void f()`."""
    while head.startswith("template"):
        depth = 0
        for offset, character in enumerate(head):
            depth += {"<": 1, ">": -1}.get(character, 0)
            if character == ">" and depth == 0:
                head = head[offset + 1:].lstrip()
                break
        else:
            return head
    return head


def outside_parentheses(head):
    """`f(int a, g(b)) const` → `f() const`."""
    kept = []
    depth = 0
    for character in head:
        if character == "(":
            depth += 1
            if depth == 1:
                kept.append("(")
        elif character == ")":
            depth -= 1
            if depth == 0:
                kept.append(")")
        elif depth == 0:
            kept.append(character)
    return "".join(kept)
