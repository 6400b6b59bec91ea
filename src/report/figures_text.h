// The figures of a slot or bet as JSON and in words: one sentence, then a line a figure.
//
// In:   a FiguresSummary, and how an item is called. Out: text. Where a number is not known the
// reason stands in its place. Pure functions; any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "report/figures.h"

namespace ante {

// The id of an item, or what to say for one that is no longer known.
using FigureItemNames = std::function<std::string(ItemKey)>;

std::string sentence_of(const FiguresSummary& figures, const FigureItemNames& names);
std::vector<std::string> lines_of(const FiguresSummary& figures, const FigureItemNames& names);

// docs/schemas/figures.schema.json. The sentence and the lines are in it.
std::string to_json(const FiguresSummary& figures, const FigureItemNames& names,
                    std::uint64_t rows_unseen);

}  // namespace ante
