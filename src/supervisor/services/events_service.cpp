#include "supervisor/services/events_service.h"

#include <memory>
#include <mutex>
#include <optional>

#include "ipc/grpc/status.h"
#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

void fill(const Envelope& envelope, containerd::types::Envelope& out) {
  to_proto(envelope.at, *out.mutable_timestamp());
  out.set_namespace_(envelope.ns);
  out.set_topic(envelope.topic);
  out.mutable_event()->set_type_url(envelope.type_url);
  out.mutable_event()->set_value(envelope.event);
}

/// One subscriber. It keeps itself until gRPC is done with it; publishers reach it by a weak reference only.
class EventStream final : public grpc::ServerWriteReactor<containerd::types::Envelope>,
                          public std::enable_shared_from_this<EventStream> {
 public:
  static EventStream* open(Exchange& exchange, Result<Filters> filters) {
    const std::shared_ptr<EventStream> stream(new EventStream);
    stream->self_ = stream;
    if (!filters.ok()) {
      stream->finish(ipc::to_status(filters.error()));
      return stream.get();
    }
    stream->subscription_ = exchange.subscribe(std::move(*filters), [weak = std::weak_ptr(stream)] {
      if (const auto listening = weak.lock()) listening->send_next();
    });
    stream->StartSendInitialMetadata();  // tells the client that from now on nothing is missed
    return stream.get();
  }

  void OnSendInitialMetadataDone(bool ok) override { OnWriteDone(ok); }
  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
    }
    if (!ok) return finish(grpc::Status::CANCELLED);
    send_next();
  }
  void OnCancel() override { finish(grpc::Status::CANCELLED); }
  void OnDone() override { self_.reset(); }

 private:
  EventStream() = default;

  void send_next() {
    bool slow = false;
    {
      std::lock_guard lock(mutex_);
      if (writing_ || finished_) return;
      const EventRef event = subscription_->take();
      slow = !event && subscription_->cut_off();
      if (!event && !slow) return;
      if (event) {
        current_.Clear();
        fill(*event, current_);
        writing_ = starting_ = true;
      }
    }
    if (slow) return finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "subscriber does not keep up"));
    StartWrite(&current_);
    std::optional<grpc::Status> ending;
    {
      std::lock_guard lock(mutex_);
      starting_ = false;
      ending.swap(ending_);
    }
    if (ending) Finish(*ending);
  }

  void finish(const grpc::Status& status) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(finished_, true)) return;
      // gRPC may free the stream once Finish() was called: whoever is about to start a write then calls it.
      if (starting_) {
        ending_ = status;
        return;
      }
    }
    Finish(status);
  }

  std::shared_ptr<EventStream> self_;
  std::shared_ptr<Subscription> subscription_;
  std::mutex mutex_;
  bool writing_ = true;    // the initial metadata
  bool starting_ = false;  // between the decision for a write and its start
  bool finished_ = false;
  std::optional<grpc::Status> ending_;  // what Finish() waits with for that start
  containerd::types::Envelope current_;
};

}  // namespace

grpc::Status EventsService::Publish(grpc::ServerContext* context, const events_api::PublishRequest* request,
                                    google::protobuf::Empty*) {
  const auto scope = scope_of(*context);
  if (!scope.ok()) return ipc::to_status(scope.error());
  return ipc::to_status(
      exchange_.publish(scope->ns, request->topic(), request->event().type_url(), request->event().value()));
}

grpc::Status EventsService::Forward(grpc::ServerContext*, const events_api::ForwardRequest* request,
                                    google::protobuf::Empty*) {
  const auto& envelope = request->envelope();
  return ipc::to_status(exchange_.forward({from_proto(envelope.timestamp()), envelope.namespace_(), envelope.topic(),
                                           envelope.event().type_url(), envelope.event().value()}));
}

grpc::ServerWriteReactor<containerd::types::Envelope>* EventsService::Subscribe(
    grpc::CallbackServerContext*, const events_api::SubscribeRequest* request) {
  return EventStream::open(exchange_, filters_from(request->filters()));
}

}  // namespace hull::supervisor
