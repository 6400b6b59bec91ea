// The demo's own pages in front of the product's routes: /demo/ and nothing else is answered here.
//
// In:   requests of anybody on this machine. Out: the demo site and what its side panel asks for;
//       everything else goes to the product's router unchanged.
//
// What the panel may see and the public may not (a person, an explanation, a report) is asked of
// the router as the owner would ask it. Everybody in it is made up. Any thread.

#pragma once

#include <string>

#include "api/http_server.h"
#include "app/demo_stage.h"

namespace ante {

class DemoRoutes final : public HttpRoutes {
 public:
  // Borrowed objects outlive it.
  DemoRoutes(HttpRoutes& product, DemoStage& stage, std::string public_key);

  std::size_t body_bytes_max(const HttpRequest& head) const override;
  void handle(const HttpRequest& request, Respond respond) override;
  HttpResponse refuse(const HttpRequest& head, const Problem& problem) override;

 private:
  HttpResponse answer(const HttpRequest& request) const;
  void answer_api(const HttpRequest& request, Respond respond);
  // Asks the product's routes as the owner of the data directory. With a body it is a POST.
  void ask_product(std::string target, Respond respond, std::string body = {});
  void fold_bet(const HttpRequest& request, const std::string& id, Respond respond);

  HttpResponse state() const;
  HttpResponse front() const;
  HttpResponse item(const std::string& id) const;
  HttpResponse readers() const;
  HttpResponse truth_of(const std::string& id) const;
  HttpResponse move_clock(const HttpRequest& request);

  HttpRoutes& product_;
  DemoStage& stage_;
  std::string public_key_;
};

}  // namespace ante
