// A shop's invoices: before each invoice of a known customer one decision of ten items.
//
// A line is an item of an invoice, counted once. Lines without a customer are sent as orders of
// one-off visitors: they train, and count for the popularity baselines, and are not scored.
// Cancellations are sent as refunds and scored nowhere. Items enter the catalogue when they are
// first sold, after the decision before that invoice. The slot lets bought items come again. For
// lines not bought before, bought items are taken out of every ranking.

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "bench/measure.h"
#include "bench/replay_log.h"
#include "bench/replay_session.h"

namespace ante::bench {
namespace {

constexpr std::size_t kPlaces = 10;
constexpr std::size_t kProductsMax = 100;  // in one event
constexpr std::array<const char*, 3> kBaselineNames = {"popular7d", "popular30d",
                                                       "ownMostFrequent"};
constexpr std::size_t kOwn = 2;
constexpr const char* kSlot = "reorder";

using Counts = std::unordered_map<std::uint32_t, std::uint32_t>;

struct LineRanks {
  std::uint32_t item = 0;
  bool bought_before = false;
  std::array<std::uint32_t, 3> any{}, unbought{};  // by baseline; 0 = not in it
};

struct Order {
  const Invoice* invoice = nullptr;
  bool damaged = false;
  std::vector<LineRanks> lines;
  std::vector<std::uint32_t> bought;  // before this invoice, sorted
  std::string new_items;              // NDJSON
};

double hit(std::size_t rank) { return rank >= 1 && rank <= kPlaces ? 1 : 0; }

struct Rates {
  std::array<PairedRates, kBaselineNames.size()> against;
  std::string to_json() const {
    std::size_t best = 0;
    std::string baselines;
    for (std::size_t b = 0; b < against.size(); ++b) {
      best = against[b].theirs() > against[best].theirs() ? b : best;
      baselines += fmt::format(R"({}"{}":{:.5f})", b == 0 ? "" : ",", kBaselineNames[b],
                               against[b].theirs());
    }
    return fmt::format(R"({{"n":{:.0f},"hr10":{:.5f},"comparator":"{}","hr10Difference":{},)"
                       R"("baselines":{{{}}}}})",
                       against[0].cases(), against[0].ours(), kBaselineNames[best],
                       against[best].difference().to_json(), baselines);
  }
};

class RetailReplay {
 public:
  explicit RetailReplay(const ReplayOptions& options)
      : options_(options),
        log_(read_invoices(options.data, options.rows_max)),
        session_(options, log_.item_ids),
        queue_(options.in_flight, options.window_ms),
        known_(log_.item_ids.size(), false),
        bought_(log_.customers.size()),
        week_(7 * kDayMs, log_.item_ids.size()),
        month_(30 * kDayMs, log_.item_ids.size()) {}

  std::string run() {
    const std::int64_t start_ms = log_.invoices.empty() ? 0 : log_.invoices.front().at_ms;
    // Nobody in the log saw what we show: it tires nobody.
    session_.require("PUT", fmt::format("/v1/slots/{}", kSlot), start_ms,
                     R"({"channel":"site","limit":10,"safeDefault":{"best":true},"restock":true,)"
                     R"("repeatLimit":{"exposures":0},)"
                     R"("goal":{"event":"Order Completed","windowMs":86400000,"value":1},)"
                     R"("brief":{"waived":{"by":"replay","reason":"a log is replayed"}}})");
    std::size_t shown = 0;
    for (std::size_t next = 0; next < log_.invoices.size();) {
      while (next < log_.invoices.size() && queue_.has_room(log_.invoices[next].at_ms)) {
        dispatch(next++);
      }
      session_.poll();
      if (next - shown >= 2'000) {
        shown = next;
        fmt::print(stderr,
                   "{:>6} invoices  all lines {:.4f}  first {:.4f}  unbought {:.4f}  failures {}\n",
                   next, all_.against[0].ours(), first_.against[0].ours(),
                   unbought_.against[0].ours(), session_.failures());
      }
    }
    while (!queue_.empty() || session_.open_calls() > 0) {
      session_.poll();
    }
    return report();
  }

 private:
  void dispatch(std::size_t index) {
    auto order = std::make_shared<Order>();
    order->invoice = &log_.invoices[index];
    order->damaged = static_cast<double>(mix(index) >> 11) * 0x1p-53 < options_.damage;
    const Invoice& invoice = *order->invoice;
    if (!order->damaged) {
      read_off(*order);
    }
    const std::uint64_t visitor =
        invoice.customer == Invoice::kNobody ? (std::uint64_t{1} << 32) + index : invoice.customer;
    queue_.add(visitor, invoice.at_ms, [this, order, index](std::function<void()> done) {
      if (order->damaged) {
        session_.post_damaged("/v1/track", order->invoice->at_ms, order_json(*order->invoice, 0),
                              index, std::move(done));
      } else if (order->invoice->customer == Invoice::kNobody || order->invoice->cancelled) {
        import_items(order, std::move(done));
      } else {
        decide(order, std::move(done));
      }
    });
  }

  // Ranks of the baselines, in time order, before anything is sent; then the invoice counts.
  void read_off(Order& order) {
    const Invoice& invoice = *order.invoice;
    week_.advance(invoice.at_ms);
    month_.advance(invoice.at_ms);
    const bool scored = invoice.customer != Invoice::kNobody && !invoice.cancelled;
    if (scored) {
      for (const auto& [item, count] : bought_[invoice.customer]) {
        order.bought.push_back(item);
      }
      std::sort(order.bought.begin(), order.bought.end());
      for (const InvoiceLine& line : invoice.lines) {
        order.lines.push_back(rank_line(line.item, bought_[invoice.customer]));
      }
    }
    for (const InvoiceLine& line : invoice.lines) {
      if (!known_[line.item]) {
        known_[line.item] = true;
        order.new_items += item_json(line);
      }
      if (invoice.cancelled) {
        continue;
      }
      week_.add(invoice.at_ms, line.item);
      month_.add(invoice.at_ms, line.item);
      if (scored) {
        ++bought_[invoice.customer][line.item];
      }
    }
  }

  LineRanks rank_line(std::uint32_t item, const Counts& own) const {
    LineRanks ranks;
    ranks.item = item;
    const auto place = own.find(item);
    ranks.bought_before = place != own.end();
    const std::array<const WindowPopularity*, 2> windows = {&week_, &month_};
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const std::uint32_t count = windows[w]->count(item);
      if (count == 0) {
        continue;
      }
      ranks.any[w] = windows[w]->at_least(count);
      const auto above = std::count_if(own.begin(), own.end(), [&](const auto& entry) {
        return windows[w]->count(entry.first) >= count;
      });
      ranks.unbought[w] = ranks.any[w] - static_cast<std::uint32_t>(above);
    }
    if (ranks.bought_before) {
      ranks.any[kOwn] =
          static_cast<std::uint32_t>(std::count_if(own.begin(), own.end(), [&](const auto& entry) {
            return entry.second >= place->second;
          }));
    }
    return ranks;
  }

  void decide(const std::shared_ptr<Order>& order, std::function<void()> done) {
    DecideAsk ask;
    ask.now_ms = order->invoice->at_ms;
    ask.slot = kSlot;
    ask.person_json = fmt::format(R"("userId":"c{}")", log_.customers[order->invoice->customer]);
    session_.decide(ask, [this, order, done = std::move(done)](const Decided& decided) {
      score(*order, decided);
      import_items(order, done);
    });
  }

  void score(const Order& order, const Decided& decided) {
    if (!decided.ok) {
      ++orders_without_answer_;
      return;
    }
    std::vector<Ranked> unbought = decided.exploit;
    std::erase_if(unbought, [&](const Ranked& ranked) {
      return std::binary_search(order.bought.begin(), order.bought.end(), ranked.item);
    });
    short_unbought_ += unbought.size() < kPlaces ? 1 : 0;
    const std::uint32_t customer = order.invoice->customer;
    double hits = 0, served_hits = 0;
    for (std::size_t i = 0; i < order.lines.size(); ++i) {
      const LineRanks& line = order.lines[i];
      const double ours = hit(rank_of(decided.exploit, line.item));
      const double ours_unbought = line.bought_before ? 0 : hit(rank_of(unbought, line.item));
      hits += ours;
      served_hits += std::any_of(decided.served.begin(), decided.served.end(),
                                 [&](const Served& served) { return served.item == line.item; })
                         ? 1
                         : 0;
      for (std::size_t b = 0; b < kBaselineNames.size(); ++b) {
        all_.against[b].add(customer, ours, hit(line.any[b]), 1);
        if (i == 0) {
          first_.against[b].add(customer, ours, hit(line.any[b]), 1);
        }
        if (!line.bought_before) {
          unbought_.against[b].add(customer, ours_unbought, hit(line.unbought[b]), 1);
        }
        if (decided.treated) {
          served_.against[b].add(customer, i + 1 < order.lines.size() ? 0 : served_hits,
                                 hit(line.any[b]), 1);
        }
      }
    }
    const auto lines = static_cast<double>(order.lines.size());
    invoice_mean_ += hits / lines;
    invoice_any_ += hits > 0 ? 1 : 0;
    invoices_ += 1;
    possible_hits_ += std::min(lines, static_cast<double>(kPlaces));
    hits_ += hits;
  }

  void import_items(const std::shared_ptr<Order>& order, std::function<void()> done) {
    auto send = [this, order, done = std::move(done)] { send_order(order, 0, done); };
    if (order->new_items.empty()) {
      send();
    } else {
      session_.post("items", "POST", "/v1/items:import", order->invoice->at_ms,
                    std::move(order->new_items), std::move(send));
    }
  }

  // An event holds at most kProductsMax products: a long invoice is sent as several.
  void send_order(const std::shared_ptr<Order>& order, std::size_t from,
                  const std::function<void()>& done) {
    const std::size_t next = from + kProductsMax;
    std::function<void()> then = done;
    if (next < order->invoice->lines.size()) {
      then = [this, order, next, done] { send_order(order, next, done); };
    }
    session_.post("track", "POST", "/v1/track", order->invoice->at_ms,
                  order_json(*order->invoice, from), std::move(then));
  }

  std::string order_json(const Invoice& invoice, std::size_t from) const {
    const std::string who =
        invoice.customer == Invoice::kNobody
            ? fmt::format(R"("anonymousId":"once-{}")", invoice.number)
            : fmt::format(R"("userId":"c{}")", log_.customers[invoice.customer]);
    const std::string at = rfc3339(invoice.at_ms);
    std::string body = fmt::format(
        R"({{"type":"track","event":"{}",{},"messageId":"{}-{}","timestamp":"{}","sentAt":"{}",)"
        R"("properties":{{"orderId":"{}","currency":"GBP","products":[)",
        invoice.cancelled ? "Order Refunded" : "Order Completed", who, invoice.number, from, at, at,
        invoice.number);
    const std::size_t until = std::min(invoice.lines.size(), from + kProductsMax);
    for (std::size_t i = from; i < until; ++i) {
      const InvoiceLine& line = invoice.lines[i];
      body += i == from ? R"({"product_id":)" : R"(,{"product_id":)";
      append_json_text(body, log_.item_ids[line.item]);
      body +=
          fmt::format(R"(,"price":{},"quantity":{}}})", std::max(line.price, 0.0), line.quantity);
    }
    return body + "]}}";
  }

  std::string item_json(const InvoiceLine& line) const {
    std::string body = R"({"kind":"product","repeatable":true,"id":)";
    append_json_text(body, log_.item_ids[line.item]);
    body += ",\"title\":";
    append_json_text(body, log_.item_names[line.item]);
    return body +
           fmt::format(R"(,"price":{{"amount":{},"currency":"GBP"}}}})",
                       std::max(line.price, 0.0)) +
           "\n";
  }

  std::string report() const {
    return fmt::format(
        R"({{"bench":"replay-retail","commit":"{}","linesRead":{},"linesWithoutQuantity":{},)"
        R"("invoices":{},"customers":{},"items":{},"inFlightMost":{},"damageShare":{},)"
        R"("ordersWithoutAnswer":{},"allLines":{},"firstLine":{},"notYetBought":{},)"
        R"("servedTreated":{},"invoiceMeanHr10":{:.5f},"invoicesWithAHit":{:.5f},)"
        R"("hitsPerPossibleHit":{:.5f},"rankingsShortOfUnbought":{},{}}})",
        options_.commit, log_.lines_read, log_.lines_without_quantity, log_.invoices.size(),
        log_.customers.size(), log_.item_ids.size(), queue_.active_most(), options_.damage,
        orders_without_answer_, all_.to_json(), first_.to_json(), unbought_.to_json(),
        served_.to_json(), invoice_mean_ / std::max(invoices_, 1.0),
        invoice_any_ / std::max(invoices_, 1.0), hits_ / std::max(possible_hits_, 1.0),
        short_unbought_, session_.report_json());
  }

  const ReplayOptions& options_;
  InvoiceLog log_;
  ReplaySession session_;
  VisitorQueue queue_;
  std::vector<bool> known_;     // items already in the catalogue
  std::vector<Counts> bought_;  // by customer: invoices with the item
  WindowPopularity week_, month_;
  Rates all_, first_, unbought_, served_;
  double invoice_mean_ = 0, invoice_any_ = 0, invoices_ = 0, possible_hits_ = 0, hits_ = 0;
  std::uint64_t orders_without_answer_ = 0, short_unbought_ = 0;
};

}  // namespace

std::string replay_retail(const ReplayOptions& options) {
  return std::make_unique<RetailReplay>(options)->run();
}

}  // namespace ante::bench
