#include "learning/labelled_rows.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(LabelledRows, BadFilesAreRefusedWithWhatToDo) {
  struct Case {
    std::string bytes;
    const char* says;
  };
  const Case cases[] = {
      {"", "empty"},
      {"a\tb\n1\t2\n", "no column 'target'"},
      {"target\n1\n", "0 columns beside"},
      {"target\ta\ttarget\n1\t2\t3\n", "twice"},
      {"a\ttarget\n", "no rows"},
      {"a\ttarget\n1\tx\n2\n", "line 3 has 1 fields, the header has 2"},
      {"a\ttarget\n1\tx\n2\ty\t3\n", "line 3 has 3 fields"},
      {"a\ttarget\n1\tx\n\n2\ty\n", "line 3 has 1 fields"},
      {"a\ttarget\nred\tx\n", "column 'a' holds 'red'"},
      {"a\ttarget\n\tx\n", "column 'a' holds nothing"},
      {"a\ttarget\n1 \tx\n", "holds '1 '"},
      {"a\ttarget\nnan\tx\n", "finite number"},
      {"a\ttarget\n1e999\tx\n", "finite number"},
      {"a\ttarget\n1\t\n", "line 2: no target"},
  };
  for (const Case& c : cases) {
    const auto data = parse_labelled_tsv(c.bytes, "file.tsv");
    ASSERT_FALSE(data) << c.bytes;
    EXPECT_EQ(data.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(data.error().message.find(c.says), std::string::npos) << data.error().message;
    EXPECT_NE(data.error().message.find("file.tsv"), std::string::npos);
  }
  std::string labels = "a\ttarget\n", columns = "target";
  for (std::size_t i = 0; i <= kLabelsMax; ++i) labels += "1\t" + std::to_string(i) + "\n";
  EXPECT_FALSE(parse_labelled_tsv(labels, "f"));
  EXPECT_TRUE(parse_labelled_tsv(labels.substr(0, labels.rfind("1\t")), "f"));
  for (std::size_t i = 0; i <= kRawNumbersMax; ++i) columns += "\tc";
  EXPECT_FALSE(parse_labelled_tsv(columns + "\n", "f"));
}

TEST(LabelledRows, ReadsRowsWhereverTheTargetStands) {
  for (const char* bytes : {"a\ttarget\tb\n1\tx\t2.5\n-3\ty\t1e-3\n0\tx\t4\n",
                            "a\ttarget\tb\r\n1\tx\t2.5\r\n-3\ty\t1e-3\r\n0\tx\t4\r\n\r\n",
                            "a\ttarget\tb\n1\tx\t2.5\n-3\ty\t1e-3\n0\tx\t4"}) {
    const auto data = parse_labelled_tsv(bytes, "f");
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->columns, 2u);
    EXPECT_EQ(data->numbers, (std::vector<double>{1, 2.5, -3, 0.001, 0, 4}));
    EXPECT_EQ(data->labels, (std::vector<std::uint32_t>{0, 1, 0}));
    EXPECT_EQ(data->names, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(data->row(1)[1], 0.001);
  }
}

}  // namespace
}  // namespace ante
