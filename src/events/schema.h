// What events mean: names we understand, and the properties each of them carries.
//
// To add an event: its names in kNames (schema.cc), its kind in domain/event.h, what the fold does
// with it in profile/. Names match without case, spaces and punctuation: "Product Viewed",
// "product_viewed" and "productViewed" are one. Pure functions; any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "domain/event.h"
#include "events/message.h"

namespace ante {

inline constexpr double kPriceMax = 1e12;  // of the currency's unit
inline constexpr std::uint32_t kQuantityMax = 1'000'000;
inline constexpr double kActiveSecondsMax = 86'400;  // longer attention counts as a day
inline constexpr std::size_t kQueryBytesStoredMax = 1000;
inline constexpr std::size_t kReasonBytesStoredMax = 64;

// The kind of an event by its name; kOther for one of the sender's own.
EventKind kind_of_event(std::string_view name);
// "Decision Shown": an activation rather than a deed.
bool is_decision_shown(std::string_view name);

// Reads `properties` into `event`, whose kind and name are set: items, value, depth, time, query,
// reason, topics, decision and the properties themselves.
std::optional<Refusal> read_properties(const std::optional<JsonElement>& properties, Event& event);

// Copies what the catalogue knows of the event's items into them.
void resolve_items(const CatalogView& catalog, Event& event);

// What the message says about consent, on top of what held before; none = it says nothing.
// Our four switches {"store", "profile", "measure", "contact": {"email", "push"}} or a consent
// manager's categoryPreferences.
std::optional<Consent> read_consent(const std::optional<JsonElement>& context,
                                    const Consent& before);

// False: {"All": false} without "ante": true.
bool used_for_decisions(const std::optional<JsonElement>& integrations);

// The decision a page was reached from: ?ante=dec_… in context.page.search or .url.
std::optional<DecisionId> decision_of_page(const std::optional<JsonElement>& context);
// Whether a campaign brought them: context.campaign, or utm_… in the address of the page.
bool is_invited(const std::optional<JsonElement>& context);

}  // namespace ante
