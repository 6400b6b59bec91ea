#!/usr/bin/env python3
"""Breaks every rule of tidy.py and check_layers.py once, and keeps each once."""

import pathlib
import tempfile
import unittest

import check_layers
import cpp_text
import tidy

GOOD_HEADER = "// Says what it is.\n\n#pragma once\n\nnamespace ante {}\n"
LAYERS_TEXT = "# a comment\nbase:\nstore: base\napp: base store\n"


def code_problems(path, text):
    return [problem.rule for problem in tidy.check_banned_calls(path, cpp_text.without_comments_and_strings(text))]


def tree(files):
    """A temporary tree; the caller keeps the returned object alive."""
    folder = tempfile.TemporaryDirectory()
    for path, text in files.items():
        file = pathlib.Path(folder.name) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def tree_rules(files):
    with tree(files) as folder:
        return [(problem.rule, problem.path) for problem in tidy.check_tree(pathlib.Path(folder))]


class BannedCalls(unittest.TestCase):
    REFUSED = [
        ("src/ranking/a.cc", "int x = rand();"),
        ("src/ranking/a.cc", "srand(1);"),
        ("src/ranking/a.cc", "std::mt19937 generator;"),
        ("src/ranking/a.cc", "auto t = time(nullptr);"),
        ("src/ranking/a.cc", "auto t = std::time(0);"),
        ("src/ranking/a.cc", "auto t = std::chrono::system_clock::now();"),
        ("src/ranking/a.cc", "auto t = std::chrono::steady_clock::now();"),
        ("src/ranking/a.cc", "std::this_thread::sleep_for(1s);"),
        ("src/ranking/a.cc", "std::mutex mutex_;"),
        ("src/ranking/a.cc", "std::lock_guard lock(mutex_);"),
        ("src/base/published.h", "std::shared_mutex mutex_;"),
        ("src/ranking/a_test.cc", 'throw std::runtime_error("x");'),
        ("src/ranking/a.cc", "thread.detach();"),
        ("src/ranking/a.cc", 'printf("x");'),
        ("src/ranking/a.cc", "std::cout << 1;"),
        ("src/app/a.cc", 'sprintf(buffer, "x");'),
        ("src/app/a.cc", "int x = atoi(text);"),
        ("src/app/a.cc", "int x = std::stoi(text);"),
        ("src/store/a.cc", 'getenv("HOME");'),
        ("src/store/a.cc", 'system("ls");'),
        ("src/store/a.cc", "assert(x > 0);"),
        ("src/store/a.cc", "std::abort();"),
        ("src/store/a.cc", "std::regex pattern;"),
        ("src/store/a.cc", "delete pointer;"),
        ("src/store/a.cc", "delete[] pointer;"),
        ("src/store/a.h", "friend class StoreTest;"),
        ("src/store/a.cc", "using namespace std;"),
    ]
    ACCEPTED = [
        ("src/ranking/a.cc", "int x = operand(); int y = my_rand();"),
        ("src/ranking/a.cc", "auto t = clock.time(0); auto u = record.time(nullptr);"),
        ("src/ranking/a.cc", "runtime(0); std::uint64_t time = 0;"),
        ("src/ranking/a.cc", "Random random(seed); using namespace std::chrono_literals;"),
        ("src/base/clock.cc", "auto t = std::chrono::system_clock::now();"),
        ("bench/replay.cc", "auto t = std::chrono::steady_clock::now();"),
        ("src/base/mutex.h", "std::mutex mutex_;"),
        ("src/app/a.cc", 'std::printf("x");'),
        ("src/ranking/a_test.cc", 'std::printf("x");'),
        ("src/ranking/a.cc", 'std::snprintf(buffer, sizeof buffer, "x");'),
        ("src/ranking/a.cc", "// we throw nothing, and call no rand()"),
        ("src/ranking/a.cc", 'log("throw rand() std::mutex");'),
        ("src/ranking/a.cc", 'auto text = R"(throw "this" rand())";'),
        ("src/ranking/a.cc", "Policy(const Policy&) = delete;\nvoid rethrown();"),
        ("src/ranking/a.h", "friend bool operator==(const A&, const A&) = default;"),
        ("src/ranking/a.cc", "static_assert(sizeof(int) == 4);"),
        ("src/ranking/a.cc", "timer.exit(); queue.abort();"),
    ]

    def test_each_banned_call_is_found(self):
        for path, text in self.REFUSED:
            with self.subTest(text=text, path=path):
                self.assertEqual(code_problems(path, text)[:1], ["banned-call"])

    def test_what_only_looks_like_one_is_left_alone(self):
        for path, text in self.ACCEPTED:
            with self.subTest(text=text, path=path):
                self.assertEqual(code_problems(path, text), [])

    def test_every_banned_pattern_has_a_refused_line(self):
        untested = [
            pattern.pattern
            for pattern, _, _ in tidy.BANNED
            if not any(pattern.search(cpp_text.without_comments_and_strings(text)) for _, text in self.REFUSED)
        ]
        # The two that would need a system header to write honestly.
        self.assertEqual([p for p in untested if "gettimeofday" not in p and "pragma" not in p], [])


class Lengths(unittest.TestCase):
    def test_file_of_the_maximum_and_one_more(self):
        self.assertEqual(list(tidy.check_file_length("a.cc", "\n" * tidy.FILE_LINES_MAX)), [])
        self.assertEqual(len(list(tidy.check_file_length("a.cc", "\n" * (tidy.FILE_LINES_MAX + 1)))), 1)

    def test_function_of_the_maximum_and_one_more(self):
        for extra, expected in ((0, 0), (1, 1)):
            body = "  f();\n" * (tidy.FUNCTION_LINES_MAX - 2 + extra)
            code = "int Policy::choose(int a) const {\n" + body + "}\n"
            problems = list(tidy.check_function_length("a.cc", code))
            self.assertEqual(len(problems), expected)
        self.assertEqual(problems[0].key, "a.cc:Policy::choose")


class Functions(unittest.TestCase):
    def names(self, code):
        return cpp_text.functions(cpp_text.without_comments_and_strings(code))

    def test_bodies_and_their_lines(self):
        code = """namespace ante {
struct Row {
  int a = 1;
  int sum() const {
    return a;
  }
};
constexpr int kTable[] = {
    1,
};
template <class T, class U = std::vector<T>>
Result<T> open(struct tm* when, std::function<void()> then) {
  auto inner = [&](int x) { return x; };
  if (inner(1)) {
    then();
  }
  return {};
}
}  // namespace ante
"""
        self.assertEqual(self.names(code), [("sum", 4, 6), ("open", 11, 18)])

    def test_constructors_operators_tests_and_c_functions(self):
        code = """Store::Store(int a) : a_(a) {
}
bool operator==(const A& a, const A& b) {
  return true;
}
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  return 0;
}
TEST(Store, ReadsWhatItWrote) {
}
"""
        self.assertEqual([name for name, _, _ in self.names(code)][1:],
                         ["operator==", "LLVMFuzzerTestOneInput", "TEST(Store,ReadsWhatItWrote)"])

    def test_braces_in_literals_and_macros_do_not_count(self):
        code = "#define OPEN {\nvoid f() {\n  g('{', \"{\");  // {\n  int n = 1'000'000;\n}\nvoid h() {\n}\n"
        self.assertEqual(self.names(code), [("f", 2, 5), ("h", 6, 7)])

    def test_words_of_identifiers(self):
        self.assertEqual(cpp_text.words("kPageWidgetCount"), ["k", "page", "widget", "count"])
        self.assertEqual(cpp_text.words("HTTPServer_max_"), ["http", "server", "max"])


class Names(unittest.TestCase):
    def rules(self, code):
        return [p.rule for p in tidy.check_names("src/a/a.h", code, {"widget": "slot"})]

    def test_forbidden_words(self):
        self.assertEqual(self.rules("int widget_count;"), ["glossary"])
        self.assertEqual(self.rules("class PageWidget;"), ["glossary"])
        self.assertEqual(self.rules("int level = X_DEFAULT_WIDGET;"), [])
        self.assertEqual(self.rules("int widgetry; int midget;"), [])
        self.assertEqual(self.rules('#include "widget/x.h"\n'), [])

    def test_type_names(self):
        for name in ("PolicyImpl", "StoreManager", "RequestHandler", "Policy2", "UserInfo"):
            self.assertEqual(self.rules(f"class {name} final : public Policy {{"), ["type-name"])
        self.assertEqual(self.rules("struct Database {"), [])
        self.assertEqual(self.rules("struct Metadata : Base {"), [])

    def test_files(self):
        for path in ("src/base/utils.h", "src/base/string_utils.cc", "src/common/a.h", "tests/coverage_gap_test.cc"):
            self.assertEqual([p.rule for p in tidy.check_file_name(path)], ["file-name"], path)
        self.assertEqual(list(tidy.check_file_name("src/base/commonest.h")), [])


class Text(unittest.TestCase):
    def rules(self, text, path="src/a/a.cc"):
        return [p.rule for p in tidy.check_text_file(path, text)]

    def test_leftovers_and_white_space(self):
        self.assertEqual(self.rules("// TO" + "DO: later\n"), ["leftover"])
        self.assertEqual(self.rules("int a; \n"), ["white-space"])
        self.assertEqual(self.rules("\tint a;\n"), ["white-space"])
        self.assertEqual(self.rules("int a;"), ["white-space"])
        self.assertEqual(self.rules("x" * 101 + "\n"), ["line-length"])
        self.assertEqual(self.rules("x" * 100 + "\n"), [])

    def test_machine_paths(self):
        self.assertEqual(self.rules('open("/ho' + 'me/mette/log");\n'), ["machine-path"])
        self.assertEqual(self.rules("GET /v1/slots/home/a and ${x}/home/b\n"), [])

    def test_header_shape(self):
        self.assertEqual(list(tidy.check_header_shape("src/a/a.h", GOOD_HEADER)), [])
        bad = [p.rule for p in tidy.check_header_shape("src/a/a.h", "#include <x>\n")]
        self.assertEqual(bad, ["header-shape", "header-shape"])


class Markdown(unittest.TestCase):
    def rules(self, files, path):
        with tree(files) as folder:
            return [p.rule for p in tidy.check_markdown(path, files[path], pathlib.Path(folder))]

    def test_titles(self):
        self.assertEqual(self.rules({"a.md": "# A\n\n```\n# a comment\n```\n"}, "a.md"), [])
        self.assertEqual(self.rules({"a.md": "# A\n\n# B\n"}, "a.md"), ["markdown"])
        self.assertEqual(self.rules({"a.md": "no title\n"}, "a.md"), ["markdown"])

    def test_links(self):
        self.assertEqual(self.rules({"a.md": "# A\n[b](b.md#x) [c](https://example.org)\n", "b.md": "# B\n"}, "a.md"), [])
        self.assertEqual(self.rules({"a.md": "# A\n[b](b.md)\n"}, "a.md"), ["markdown"])

    def test_readme_length(self):
        text = "# Ante\n" + "line\n" * tidy.README_LINES_MAX
        self.assertEqual(self.rules({"README.md": text}, "README.md"), ["file-length"])

    def test_module_readme_names_files_that_exist(self):
        files = {"src/a/README.md": "# a\n\nSee `a.{h,cc}` and `b.h`.\n", "src/a/a.h": "", "src/a/a.cc": ""}
        with tree(files) as folder:
            found = [p.text for p in tidy.check_module_readme(
                "src/a/README.md", files["src/a/README.md"], pathlib.Path(folder))]
        self.assertEqual(found, ["b.h does not exist"])

    def test_module_readme_length(self):
        text = "# a\n" + "line\n" * tidy.MODULE_README_LINES_MAX
        found = [p.rule for p in tidy.check_module_readme("src/a/README.md", text, pathlib.Path("."))]
        self.assertEqual(found, ["file-length"])

    def test_adding_pages_list_files_that_exist(self):
        page = "# Adding a thing\n\n## Touch\n\n* `src/a/<name>.{h,cc}`\n* `src/a/setup.cc`\n\n## Check\n\n`src/b/x.h`\n"
        for files, expected in (({"src/a/setup.cc": ""}, 0), ({"src/a/other.cc": ""}, 1), ({}, 2)):
            with tree({"docs/adding/thing.md": page, **files}) as folder:
                found = list(tidy.check_adding_page("docs/adding/thing.md", page, pathlib.Path(folder)))
            self.assertEqual(len(found), expected, [str(p) for p in found])
        self.assertEqual([p.rule for p in tidy.check_adding_page("x.md", "# X\n", pathlib.Path("."))], ["adding"])


class Tree(unittest.TestCase):
    MODULE = {
        "src/a/README.md": "# a\n\nOne sentence.\n",
        "src/a/a.h": GOOD_HEADER,
        "src/a/a.cc": '#include "a/a.h"\n',
        "src/a/a_test.cc": '#include "a/a.h"\nTEST(A, Works) {}\n',
        "src/b/README.md": "# b\n\nOne sentence.\n",
        "src/b/b.cc": '#include "a/a.h"\n',
        "src/b/b_test.cc": "TEST(B, Works) {}\n",
    }

    def test_good_tree(self):
        self.assertEqual(tree_rules(self.MODULE), [])

    def test_dead_header(self):
        files = {**self.MODULE, "src/b/b.cc": "int b;\n"}
        self.assertEqual(tree_rules(files), [("dead-header", "src/a/a.h")])

    def test_module_without_readme_or_test(self):
        files = {path: text for path, text in self.MODULE.items() if path not in ("src/b/README.md", "src/b/b_test.cc")}
        self.assertEqual(tree_rules(files), [("module-readme", "src/b"), ("module-tests", "src/b")])

    def test_empty_test(self):
        files = {**self.MODULE, "src/b/b_test.cc": "int main() {}\n"}
        self.assertEqual(tree_rules(files), [("empty-test", "src/b/b_test.cc")])

    def test_build_folders_are_not_ours(self):
        self.assertEqual(tree_rules({**self.MODULE, "build/x.md": "no title\n", "tests/golden/x.md": "none"}), [])


class Allowances(unittest.TestCase):
    def apply(self, size, text):
        problem = tidy.Problem("a.cc", 1, "file-length", "long", size=size)
        return [p.rule for p in tidy.apply_allowances([problem] if size else [], tidy.read_allowances(text))]

    def test_an_allowance_may_only_shrink(self):
        self.assertEqual(self.apply(900, "file-length a.cc 900  # a table\n"), [])
        self.assertEqual(self.apply(901, "file-length a.cc 900\n"), ["file-length"])
        self.assertEqual(self.apply(850, "file-length a.cc 900\n"), ["allowance"])
        self.assertEqual(self.apply(0, "file-length a.cc 900\n"), ["allowance"])
        self.assertEqual(self.apply(900, "# nothing\n"), ["file-length"])


class Glossary(unittest.TestCase):
    def test_the_table_is_read(self):
        text = "# G\n\n## Words that stand in no identifier\n\n| word | we say |\n| --- | --- |\n| widget | slot |\n\n## Next\n| x | y |\n"
        self.assertEqual(tidy.forbidden_words(text), {"widget": "slot"})

    def test_ours_is_not_empty(self):
        words = tidy.forbidden_words((tidy.ROOT / "docs" / "glossary.md").read_text())
        self.assertGreater(len(words), 5)


class Layers(unittest.TestCase):
    LAYERS = check_layers.parse_layers(LAYERS_TEXT)[0]

    def refused(self, path, line):
        return bool(check_layers.check_text(path, line, self.LAYERS))

    def test_direction(self):
        self.assertFalse(self.refused("src/store/a.cc", '#include "base/result.h"'))
        self.assertFalse(self.refused("src/store/a.cc", '#include "store/b.h"'))
        self.assertTrue(self.refused("src/base/a.cc", '#include "store/b.h"'))
        self.assertTrue(self.refused("src/store/a.cc", '  #  include "app/main.h"'))
        self.assertTrue(self.refused("src/store/a_test.cc", '#include "app/main.h"'))

    def test_spelling(self):
        self.assertTrue(self.refused("src/store/a.cc", '#include "b.h"'))
        self.assertTrue(self.refused("src/store/a.cc", "#include <base/result.h>"))
        self.assertTrue(self.refused("src/store/a.cc", '#include "sim/world.h"'))
        self.assertFalse(self.refused("src/store/a.cc", "#include <sys/stat.h>"))

    def test_beside_the_source(self):
        self.assertFalse(self.refused("sim/world.cc", '#include "store/a.h"'))
        self.assertTrue(self.refused("sim/world.cc", '#include "app/settings.h"'))
        self.assertFalse(self.refused("bench/replay.cc", '#include "sim/world.h"'))
        self.assertTrue(self.refused("sim/world.cc", '#include "bench/replay.h"'))
        self.assertFalse(self.refused("tests/crash/a.cc", '#include "app/settings.h"'))

    def test_wrapped_libraries(self):
        self.assertFalse(self.refused("src/store/rocks_store.cc", "#include <rocksdb/db.h>"))
        self.assertTrue(self.refused("src/base/a.cc", "#include <rocksdb/db.h>"))

    def test_the_table_itself(self):
        self.assertEqual(check_layers.parse_layers(LAYERS_TEXT)[1], [])
        for text in ("base: store\nstore:\n", "base:\nbase:\n", "Base:\n", "base store\n"):
            self.assertTrue(check_layers.parse_layers(text)[1], text)

    def test_a_header_that_includes_nothing_real(self):
        with tree({"docs/layers.txt": LAYERS_TEXT, "src/base/a.h": '#include "base/gone.h"\n'}) as folder:
            self.assertEqual(len(check_layers.check_tree(pathlib.Path(folder))), 1)

    def test_a_folder_that_is_no_module(self):
        with tree({"docs/layers.txt": LAYERS_TEXT, "src/extra/a.cc": "int a;\n"}) as folder:
            self.assertEqual(len(check_layers.check_tree(pathlib.Path(folder))), 1)


if __name__ == "__main__":
    unittest.main()
