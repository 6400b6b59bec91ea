// The bets that the people of the made-up magazine place: one that answers a need, one for so few
// that it is too early to say, one that its owner believes in and its readers do not.
//
// In:   the world at the moment of placing; later what GET /v1/bets/{id} answers.
// Out:  what PUT /v1/bets/{id} takes; later the verdict in figures.
//
// What is true of them is planted in the world, what is said of them the engine says: nothing here
// knows it. Pure; any thread. docs/demo.md.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "sim/magazine.h"

namespace ante {

inline constexpr std::size_t kDemoBets = 3;
// A Monday, when the slots have been watched for twelve days; the partner's pieces come out.
inline constexpr std::int32_t kDemoBetsDay = sim::kPartnerWeek * 7;

struct DemoBet {
  std::string_view id;
  std::string json;
};

// In the order in which they are placed.
std::array<DemoBet, kDemoBets> demo_bets(const sim::Magazine& world, TimeMs at_ms);

// What the site says the visitor is there for, by the page he is on; empty = nothing.
std::string_view task_on(const sim::Magazine& world, std::optional<sim::Piece> product);

// What the engine says of a bet.
struct BetFigures {
  std::string id, state, verdict, sentence, who_pays;
  std::uint64_t people = 0;  // counted, on both sides
  bool has_interval = false;
  double value = 0, low = 0, high = 0;  // goals a person
};

// kInternal: `answer`, of GET /v1/bets/{id}, lacks a member.
Result<BetFigures> bet_figures(std::string_view answer);
// "a-present      too early to say   n 142, no interval yet   …", one line.
std::string to_row(const BetFigures& figures);

}  // namespace ante
