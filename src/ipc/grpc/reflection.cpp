#include "ipc/grpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/server_callback.h>

#include <set>

#include "ipc/proto/grpc/reflection_v1.grpc.pb.h"
#include "ipc/proto/grpc/reflection_v1alpha.grpc.pb.h"

namespace hull::ipc {
namespace {

namespace pb = google::protobuf;
using Names = std::shared_ptr<const std::vector<std::string>>;

/// The file and all that it imports, each once, the file first.
void collect(const pb::FileDescriptor* file, std::set<const pb::FileDescriptor*>& seen,
             std::vector<const pb::FileDescriptor*>& files) {
  if (!seen.insert(file).second) return;
  files.push_back(file);
  for (int i = 0; i < file->dependency_count(); ++i) collect(file->dependency(i), seen, files);
}

template <class Response>
void fail(Response& response, grpc::StatusCode code, const std::string& message) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(message);
}

template <class Response>
void answer_file(const pb::FileDescriptor* file, const std::string& what, Response& response) {
  if (file == nullptr) return fail(response, grpc::StatusCode::NOT_FOUND, what + " is not known");
  std::set<const pb::FileDescriptor*> seen;
  std::vector<const pb::FileDescriptor*> files;
  collect(file, seen, files);
  for (const auto* each : files) {
    pb::FileDescriptorProto proto;
    each->CopyTo(&proto);
    each->CopyJsonNameTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
  }
}

template <class Request, class Response>
void answer(const std::vector<std::string>& services, const Request& request, Response& response) {
  const auto* pool = pb::DescriptorPool::generated_pool();
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return answer_file(pool->FindFileByName(request.file_by_filename()), request.file_by_filename(), response);
    case Request::kFileContainingSymbol:
      return answer_file(pool->FindFileContainingSymbol(request.file_containing_symbol()),
                         request.file_containing_symbol(), response);
    case Request::kListServices:
      for (const std::string& name : services) response.mutable_list_services_response()->add_service()->set_name(name);
      return;
    // proto3 has no extensions.
    case Request::kFileContainingExtension:
      return fail(response, grpc::StatusCode::NOT_FOUND, "there are no extensions");
    case Request::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      if (pool->FindMessageTypeByName(type) == nullptr)
        return fail(response, grpc::StatusCode::NOT_FOUND, type + " is not known");
      response.mutable_all_extension_numbers_response()->set_base_type_name(type);
      return;
    }
    case Request::MESSAGE_REQUEST_NOT_SET: break;
  }
  fail(response, grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing");
}

/// One client's conversation: reads and writes take turns.
template <class Request, class Response>
class Conversation final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit Conversation(Names services) : services_(std::move(services)) { this->StartRead(&request_); }
  void OnReadDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    response_.Clear();
    answer(*services_, request_, response_);
    this->StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::CANCELLED);
    this->StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  const Names services_;
  Request request_;
  Response response_;
};

template <class Base, class Request, class Response>
class Reflection final : public Base {
 public:
  explicit Reflection(Names services) : services_(std::move(services)) {}
  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(grpc::CallbackServerContext*) override {
    return new Conversation<Request, Response>(services_);
  }

 private:
  const Names services_;
};

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
using ReflectionV1 =
    Reflection<v1::ServerReflection::CallbackService, v1::ServerReflectionRequest, v1::ServerReflectionResponse>;
using ReflectionV1Alpha = Reflection<v1alpha::ServerReflection::CallbackService, v1alpha::ServerReflectionRequest,
                                     v1alpha::ServerReflectionResponse>;

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> make_reflection_services(std::vector<std::string> services) {
  services.emplace_back(v1::ServerReflection::service_full_name());
  services.emplace_back(v1alpha::ServerReflection::service_full_name());
  const auto names = std::make_shared<const std::vector<std::string>>(std::move(services));
  std::vector<std::unique_ptr<grpc::Service>> made;
  made.push_back(std::make_unique<ReflectionV1>(names));
  made.push_back(std::make_unique<ReflectionV1Alpha>(names));
  return made;
}

}  // namespace hull::ipc
