#include "catalog/catalog.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "base/random.h"
#include "catalog/import.h"

namespace ante {
namespace {

constexpr TimeMs kStartMs = 1'700'000'000'000;

Item make_item(const std::string& id, const std::vector<std::string>& topics,
               TimeMs published_ms = 0, const std::string& title = "") {
  Item item;
  item.id = id;
  item.key = item_key(id);
  item.title = title;
  item.topics = topics;
  for (const auto& t : topics) item.topic_keys.push_back(topic_key(t));
  item.published_at_ms = published_ms;
  return item;
}

void put(Catalog& catalog, const Item& item, TimeMs at_ms, std::uint64_t commit) {
  const std::string body = encode(item);
  CommittedRecord record;
  record.commit = Commit{commit};
  record.partition = kControlPartition;
  record.sequence = Sequence{commit};
  record.header = {.kind = RecordKind::kItem,
                   .tenant = kFirstTenant,
                   .person = {},
                   .occurred_at = at_ms,
                   .received_at = at_ms};
  record.body = body;
  catalog.consume(record);
}

TEST(ItemInterner, NumbersAreDenseStableAndFound) {
  ItemInterner interner;
  EXPECT_FALSE(interner.find(ItemKey{0}));
  for (std::uint64_t i = 0; i < 50'000; ++i)
    ASSERT_EQ(interner.intern(ItemKey{i * 7919})->value, i);
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    ASSERT_EQ(interner.intern(ItemKey{i * 7919})->value, i);
    ASSERT_EQ(interner.find(ItemKey{i * 7919})->value, i);
    ASSERT_EQ(interner.key_of(ItemIndex{static_cast<std::uint32_t>(i)}).value, i * 7919);
  }
  EXPECT_FALSE(interner.find(ItemKey{1}));
  EXPECT_EQ(interner.size(), 50'000u);
}

// Saved whole or by changed rows, it comes back the same.
void check_ways_back(Catalog& catalog) {
  ItemInterner other_interner, third_interner;
  Catalog loaded(other_interner), restored(third_interner);
  ASSERT_TRUE(loaded.load(catalog.save()).has_value());
  EXPECT_EQ(loaded.save(), catalog.save());
  const auto ids = [](const CatalogView& view) {
    std::vector<std::string> found;
    for (const ItemIndex i : view.newest()) found.push_back(view.find(i)->id);
    return found;
  };
  EXPECT_EQ(ids(loaded.view()), ids(catalog.view()));
  std::vector<std::pair<std::string, std::string>> rows;
  catalog.collect_dirty(rows);
  std::ranges::sort(rows);
  for (const auto& [key, value] : rows) ASSERT_TRUE(restored.restore(key, value).has_value());
  restored.publish();
  EXPECT_EQ(restored.save(), catalog.save());
  rows.clear();
  catalog.collect_dirty(rows);
  EXPECT_TRUE(rows.empty());
}

// The catalogue against sorted maps, through single puts, bulk commits and withdrawals.
TEST(Catalog, EqualsASortedMapAndViewsNeverChange) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    ItemInterner interner;
    Catalog catalog(interner);
    std::map<std::string, std::pair<Item, std::uint64_t>> model;  // with the order of first sight
    std::map<std::string, TimeMs> first_seen;
    std::uint64_t sight = 0;
    const auto list = [&](const CatalogView& view, std::span<const ItemIndex> items) {
      std::vector<std::string> ids;
      for (const ItemIndex i : items) ids.push_back(view.find(i)->id);
      return ids;
    };
    const auto expected = [&](const std::string& topic) {
      std::vector<std::tuple<TimeMs, std::uint64_t, std::string>> order;
      for (const auto& [id, entry] : model) {
        const Item& item = entry.first;
        if (item.withdrawn ||
            (!topic.empty() && std::ranges::find(item.topics, topic) == item.topics.end()))
          continue;
        order.emplace_back(item.published_at_ms != 0 ? item.published_at_ms : first_seen[id],
                           entry.second, id);
      }
      std::ranges::sort(order, std::greater{});
      std::vector<std::string> ids;
      for (const auto& entry : order) ids.push_back(std::get<2>(entry));
      return ids;
    };
    TimeMs now_ms = kStartMs;
    for (std::uint64_t commit = 1; commit <= 60; ++commit) {
      const CatalogView before = catalog.view();
      const auto newest_before = list(before, before.newest());
      const std::uint64_t changes = random.below(3) == 0 ? 120 : 1 + random.below(3);
      for (std::uint64_t i = 0; i < changes; ++i) {
        const std::string id = "i" + std::to_string(random.below(400));
        std::vector<std::string> topics;
        for (std::uint64_t k = random.below(4); k > 0; --k)
          topics.push_back("t" + std::to_string(random.below(9)));
        Item item =
            make_item(id, topics,
                      random.below(2) == 0 ? 0 : kStartMs + static_cast<TimeMs>(random.below(50)));
        item.withdrawn = random.below(6) == 0;
        now_ms += static_cast<TimeMs>(random.below(2));
        put(catalog, item, now_ms, commit);
        if (!model.contains(id)) {
          first_seen[id] = now_ms;
          model[id].second = ++sight;
        }
        model[id].first = item;
      }
      EXPECT_EQ(catalog.view().version(), before.version());  // not before the commit is whole
      catalog.commit_consumed(Commit{commit});
      const CatalogView view = catalog.view();
      EXPECT_GT(view.version(), before.version());
      EXPECT_EQ(list(before, before.newest()), newest_before);
      ASSERT_EQ(list(view, view.newest()), expected(""));
      for (int t = 0; t < 9; ++t) {
        const std::string topic = "t" + std::to_string(t);
        ASSERT_EQ(list(view, view.with_topic(topic_key(topic))), expected(topic));
      }
      EXPECT_EQ(view.size(), model.size());
    }
    for (const auto& [id, entry] : model)
      ASSERT_EQ(*catalog.view().find(item_key(id)), entry.first);
    check_ways_back(catalog);
  }
}

TEST(Catalog, UnknownAndDamagedThings) {
  ItemInterner interner;
  Catalog catalog(interner);
  EXPECT_EQ(catalog.view().find(item_key("x")), nullptr);
  EXPECT_EQ(catalog.view().find(ItemIndex{99}), nullptr);
  EXPECT_TRUE(catalog.view().with_topic(topic_key("x")).empty());
  EXPECT_EQ(catalog.view().topic_name(topic_key("x")), "");
  CommittedRecord bad;
  bad.header.kind = RecordKind::kItem;
  bad.body = "not an item";
  catalog.consume(bad);
  catalog.commit_consumed(Commit{1});
  EXPECT_EQ(catalog.view().size(), 0u);
  EXPECT_FALSE(catalog.restore("12345678", "\x09").has_value());
  EXPECT_FALSE(catalog.load("").has_value());
  put(catalog, make_item("a", {"Cars"}), kStartMs, 2);
  catalog.commit_consumed(Commit{2});
  EXPECT_EQ(catalog.view().topic_name(topic_key("Cars")), "Cars");
  std::vector<std::pair<std::string, std::string>> rows;
  catalog.collect_dirty(rows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_FALSE(catalog.restore("12345678", rows[0].second).has_value());
  EXPECT_FALSE(catalog.restore(rows[0].first, rows[0].second.substr(0, 9)).has_value());
  ItemInterner other;
  EXPECT_FALSE(Catalog(other).load(catalog.save() + "x").has_value());
}

TEST(TextFeatures, WordsAreLowerCaseAndBounded) {
  const auto count = [](std::string_view text) {
    std::vector<TermCount> terms;
    add_terms(text, 1, kTextTermsPerItemMax, terms);
    return terms;
  };
  struct Case {
    const char *a, *b;
    bool equal;
  };
  for (const Case& c :
       {Case{"Black DRESS", "black dress", true}, Case{"ÄPFEL", "äpfel", true},
        Case{"МОСКВА", "москва", true}, Case{"ΑΘΗΝΑ", "αθηνα", true},
        Case{"dress", "dresses", false}, Case{"a an of", "", true}, Case{"x1", "X1", true},
        Case{"black-dress,", "black dress", true}, Case{"日本", "日 本", true},
        Case{"caf\xc3", "caf", true}, Case{"\xff\xfe", "", true}}) {
    EXPECT_EQ(count(c.a) == count(c.b), c.equal) << c.a;
  }
  std::string many;
  for (int i = 0; i < 500; ++i) many += "word" + std::to_string(i) + " ";
  EXPECT_EQ(count(many).size(), kTextTermsPerItemMax);
}

TEST(TextFeatures, FindsByRareWordsAndForgetsWhatWent) {
  ItemInterner interner;
  Catalog catalog(interner);
  std::uint64_t commit = 0;
  for (int i = 0; i < 300; ++i) {
    put(catalog,
        make_item("i" + std::to_string(i), {"magazine"}, 0,
                  "common story " + std::string(i % 100 == 0 ? "carburettor"
                                                : i % 3 == 0 ? "sneakers"
                                                             : "watches")),
        kStartMs + i, ++commit);
    if (i % 7 == 0) catalog.commit_consumed(Commit{commit});
  }
  catalog.commit_consumed(Commit{commit});
  const auto ids = [&](const std::vector<TextMatch>& matches) {
    std::vector<std::string> found;
    for (const TextMatch& m : matches) found.push_back(catalog.view().find(m.item)->id);
    return found;
  };
  EXPECT_EQ(ids(catalog.view().text().search("Carburettor story", 3)),
            (std::vector<std::string>{"i200", "i100", "i0"}));
  EXPECT_EQ(ids(catalog.view().text().similar(*interner.find(item_key("i100")), 2)),
            (std::vector<std::string>{"i200", "i0"}));
  EXPECT_TRUE(catalog.view().text().search("unheard", 5).empty());
  EXPECT_TRUE(catalog.view().text().search("", 5).empty());
  EXPECT_TRUE(catalog.view().text().similar(ItemIndex{9999}, 5).empty());
  Item gone = make_item("i200", {"magazine"}, 0, "common story carburettor");
  gone.withdrawn = true;
  put(catalog, gone, kStartMs, ++commit);
  put(catalog, make_item("i0", {"magazine"}, 0, "other words"), kStartMs, ++commit);
  catalog.commit_consumed(Commit{commit});
  EXPECT_EQ(ids(catalog.view().text().search("carburettor", 3)),
            (std::vector<std::string>{"i100"}));
  EXPECT_EQ(ids(catalog.view().text().search("other", 3)), (std::vector<std::string>{"i0"}));
  EXPECT_EQ(catalog.view().text().size(), 299u);
  EXPECT_EQ(catalog.view().text().search("common", 1000).size(), 298u);
}

TEST(Import, NdjsonTellsTheLineOfEachMistake) {
  const auto result = items_from_ndjson(
      "\xef\xbb\xbf{\"id\":\"a\"}\r\n\nnot json\n{\"title\":\"no "
      "id\"}\n{\"id\":\"b\",\"topics\":[\"cars\"]}");
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->items.size(), 2u);
  EXPECT_EQ(result->items[1].topic_keys, std::vector{topic_key("cars")});
  ASSERT_EQ(result->errors.size(), 2u);
  EXPECT_EQ(result->errors[0].line, 3u);
  EXPECT_EQ(result->errors[1].line, 4u);
}

TEST(Import, CsvWithQuotesRenamesConstantsAndAttributes) {
  ImportMap map;
  map.fields = {{"SKU", "id"}, {"Preis", "price"}};
  map.constants = {{"currency", "EUR"}, {"kind", "product"}};
  const auto result = items_from_csv(
      "SKU,title,topics,Preis,colour\r\n"
      "1,\"a \"\"big\"\" one, red\",cars | gear,12.50,red\r\n"
      "2,\"two\nlines\",,,\n"
      "\n"
      "3,x,,12;5,\n"
      "4,x\n"
      "5,\"open,,,\n"
      "6,\"a\"b,,,\n"
      ",no id,,,\n"
      "7,last,,,",
      map);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  ASSERT_EQ(result->items.size(), 3u);
  EXPECT_EQ(result->items[0].title, "a \"big\" one, red");
  EXPECT_EQ(result->items[0].topics, (std::vector<std::string>{"cars", "gear"}));
  EXPECT_EQ(result->items[0].price->amount_micros, 12'500'000);
  EXPECT_EQ(result->items[0].kind, "product");
  EXPECT_NE(result->items[0].attrs_json.find("red"), std::string::npos);
  EXPECT_EQ(result->items[1].title, "two\nlines");
  EXPECT_EQ(result->items[2].id, "7");
  std::vector<std::uint64_t> lines;
  for (const ImportError& e : result->errors) lines.push_back(e.line);
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{6, 7, 8, 9, 10}));
}

TEST(Import, CsvHeadersThatCannotWork) {
  for (const char* header : {"", "title,text\n", "id,id\n", "id,\"open\n"}) {
    EXPECT_FALSE(items_from_csv(header, {}).has_value()) << header;
  }
  ImportMap map;
  map.fields = {{"id", "nonsense"}};
  EXPECT_FALSE(items_from_csv("id\n1\n", map).has_value());
  map = {};
  map.constants = {{"nonsense", "1"}};
  EXPECT_FALSE(items_from_csv("id\n1\n", map).has_value());
  std::string wide = "id";
  for (std::size_t i = 0; i < kImportColumnsMax; ++i) wide += ",c" + std::to_string(i);
  EXPECT_FALSE(items_from_csv(wide + "\n", {}).has_value());
}

}  // namespace
}  // namespace ante
