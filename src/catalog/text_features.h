// Words of items: finds items for a query, and items that share rare words with one.
//
// In:   items of a catalogue change. Out: an immutable index; a change gives the next one, which
// shares all it can with the one before (segments that are merged as they grow, so that one item
// costs little and many cost O(items log items) in all).
//
// Words are hashed to 32 bits: two words that fall together (1 pair in 4 billion) count as one.
// Pure values; any thread.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/item_interner.h"
#include "domain/item.h"

namespace ante {

inline constexpr std::size_t kTextTermsPerItemMax = 64;  // distinct words; later ones are not read
inline constexpr std::size_t kTextQueryTermsMax = 16;
inline constexpr std::size_t kTextPostingsPerQueryMax = 4096;  // the work of one search
inline constexpr std::size_t kTextItemsMax = 200'000;  // later items are found by topic only

struct TermCount {
  std::uint32_t term = 0;
  std::uint8_t count = 0;
  friend bool operator==(const TermCount&, const TermCount&) = default;
};

// Lower-case words of `text`, added to `terms` until it has `terms_max`. Words are runs of letters
// and digits; those of one or two letters are skipped; each CJK character is a word.
void add_terms(std::string_view text, std::uint8_t weight, std::size_t terms_max,
               std::vector<TermCount>& terms);

// Of topics, title (twice the weight) and text, in this order.
std::vector<TermCount> terms_of(const Item& item);

struct TextMatch {
  ItemIndex item;
  float score = 0;  // BM25 without length: comparable within one answer only
  friend bool operator==(const TextMatch&, const TextMatch&) = default;
};

class TextIndex {
 public:
  TextIndex() = default;

  // Best first, at most `limit`; equal scores in the order of their numbers, latest first.
  std::vector<TextMatch> search(std::string_view query, std::size_t limit) const;
  // By the rarest words of `item`, without itself. Empty when it has no words here.
  std::vector<TextMatch> similar(ItemIndex item, std::size_t limit) const;
  std::size_t size() const;  // items with words

  struct Change {
    ItemIndex item;
    std::vector<TermCount> terms;  // empty: it goes
  };
  // REQUIRES no item twice.
  TextIndex with(std::vector<Change> changes) const;

  struct Segment;

 private:
  struct Part {
    std::shared_ptr<const Segment> segment;
    std::shared_ptr<const std::vector<bool>> gone;  // by place in the segment; null = none
    std::size_t gone_count = 0;
    std::size_t live() const;
  };
  void take_out(ItemIndex item);
  void merge_small_parts();
  std::vector<TextMatch> best(std::span<const std::uint32_t> terms, ItemIndex without,
                              std::size_t limit) const;
  std::size_t items_with(std::uint32_t term) const;

  std::vector<Part> parts_;  // oldest and largest first
};

}  // namespace ante
