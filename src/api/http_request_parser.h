// Beast's strict parser of request heads and bodies, without its containers.
//
// In:   bytes of one connection. Out: views into them, valid until they move. For http_server.cc
// only: nobody else compiles Beast. One thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

namespace ante {

inline std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Collects what Beast's strict parser finds, as views into the bytes it is given.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(std::size_t header_bytes_max) {
    body_limit(boost::none);
    header_limit(static_cast<std::uint32_t>(header_bytes_max));
  }

  // What no strict server takes, although it parses; null: nothing. Once the head is parsed.
  const char* what_is_wrong(std::string_view head) const {
    for (const auto& [name, value] : fields) {
      const bool inside = value.empty() ||
                          (value.data() >= head.data() && value.data() < head.data() + head.size());
      if (!inside) return "A header is folded over several lines.";
    }
    if (hosts > 1 || (hosts == 0 && version == 11)) return "A request needs one Host header.";
    if (transfer_encoding && !chunked()) return "Transfer-Encoding may only be chunked.";
    return nullptr;
  }

  std::string_view method, target;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  int hosts = 0, version = 11;
  bool transfer_encoding = false, expects_continue = false;
  std::string_view content_encoding, host;
  std::vector<std::string_view> pieces;  // of the body, in the bytes of the last put()

 private:
  void on_request_impl(boost::beast::http::verb, boost::beast::string_view method_text,
                       boost::beast::string_view target_text, int version_number,
                       boost::system::error_code& ec) override {
    version = version_number;
    method = view(method_text);
    target = view(target_text);
    ec = {};
  }
  void on_response_impl(int, boost::beast::string_view, int,
                        boost::system::error_code& ec) override {
    ec = boost::beast::http::error::bad_method;
  }
  void on_field_impl(boost::beast::http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, boost::system::error_code& ec) override {
    ec = {};
    if (head_done_) return;  // a trailer: nobody asked for it
    fields.emplace_back(view(name), view(value));
    if (field == boost::beast::http::field::host) {
      ++hosts;
      host = view(value);
    } else if (field == boost::beast::http::field::transfer_encoding) {
      transfer_encoding = true;
    } else if (field == boost::beast::http::field::content_encoding) {
      content_encoding = view(value);
    } else if (field == boost::beast::http::field::expect) {
      expects_continue = true;
    }
  }
  void on_header_impl(boost::system::error_code& ec) override {
    head_done_ = true;
    ec = {};
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         boost::system::error_code& ec) override {
    ec = {};
  }
  std::size_t on_body_impl(boost::beast::string_view body, boost::system::error_code& ec) override {
    pieces.push_back(view(body));
    ec = {};
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view,
                            boost::system::error_code& ec) override {
    ec = {};
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                 boost::system::error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(boost::system::error_code& ec) override { ec = {}; }

  bool head_done_ = false;
};

}  // namespace ante
