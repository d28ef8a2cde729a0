import { readFileSync } from "node:fs";

/** Where the package's bindings tell the types of an op's attribute apart. */
const SWITCH = "  switch (tf_attr_type) {\n    case TF_ATTR_STRING: {\n";

/** Sets an attribute that is a list of strings or of types, each of which the package's bindings take alone. */
const LISTS = `  if ((tf_attr_type == TF_ATTR_STRING || tf_attr_type == TF_ATTR_TYPE) &&
      IsArray(env, nstatus, &js_value)) {
    uint32_t length;
    nstatus = napi_get_array_length(env, js_value, &length);
    ENSURE_NAPI_OK(env, nstatus);
    std::vector<std::string> strings(length);
    std::vector<TF_DataType> types(length);
    for (uint32_t i = 0; i < length; ++i) {
      napi_value element;
      nstatus = napi_get_element(env, js_value, i, &element);
      ENSURE_NAPI_OK(env, nstatus);
      if (tf_attr_type == TF_ATTR_STRING) {
        nstatus = GetStringParam(env, element, strings[i]);
      } else {
        nstatus = napi_get_value_int32(
            env, element, reinterpret_cast<int32_t *>(&types[i]));
      }
      ENSURE_NAPI_OK(env, nstatus);
    }
    if (tf_attr_type == TF_ATTR_STRING) {
      std::vector<const void *> values(length);
      std::vector<size_t> lengths(length);
      for (uint32_t i = 0; i < length; ++i) {
        values[i] = strings[i].data();
        lengths[i] = strings[i].size();
      }
      TFE_OpSetAttrStringList(tfe_op, attr_name, values.data(), lengths.data(),
                              static_cast<int>(length));
    } else {
      TFE_OpSetAttrTypeList(tfe_op, attr_name, types.data(),
                            static_cast<int>(length));
    }
    return;
  }

`;

/**
 * The package's tfjs_backend.cc, with lists of strings and of types as attributes, which fused ops have.
 *
 * @returns undefined where the file is not the one that is known: it is compiled as it is
 */
export function withAttributeLists(file: string): string | undefined {
  const [before, after, ...more] = readFileSync(file, "utf8").split(SWITCH);
  return after === undefined || more.length > 0 ? undefined : before + LISTS + SWITCH + after;
}
