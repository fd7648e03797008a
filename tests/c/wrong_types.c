/* Programs that must not compile, one for each number of CASE from 1 on; 0 is the same without a mistake.
 * run.sh compiles them as C and as C++. */

#include <mcoda.h>

#ifndef CASE
#define CASE 0
#endif

#if CASE == 1 /* a field of another handle */
#define INT_FIELD MCODA_OPTION_BUSY_TIMEOUT_MS
#elif CASE == 2 /* a field of another type */
#define INT_FIELD MCODA_TOKEN_USAGE_MODEL_NAME
#elif CASE == 3 /* a field of another handle and another type, with the number of one that exists */
#define INT_FIELD MCODA_OPTION_READ_ONLY
#elif CASE == 4 /* an enum that is not one of fields */
#define INT_FIELD MCODA_LANE_QA
#else
#define INT_FIELD MCODA_TOKEN_USAGE_TOKENS_PROMPT
#endif

#if CASE == 5 /* a milestone for a lane */
#define LANE MCODA_MILESTONE_COMPLETE
#else
#define LANE MCODA_LANE_QA
#endif

#if CASE == 6 /* a lane for a milestone */
#define MILESTONE MCODA_LANE_QA
#else
#define MILESTONE MCODA_MILESTONE_COMPLETE
#endif

#if CASE == 7 /* a folder is text */
#define BOOL_FIELD MCODA_OPTION_JSON_LOG_FOLDER
#else
#define BOOL_FIELD MCODA_OPTION_JSON_LOG
#endif

#if CASE == 8 /* one enum for another in a variable */
static const enum mcoda_options_text_field text_field = MCODA_OPTION_WORKSPACE_ID;
#else
static const enum mcoda_token_usage_text_field text_field = MCODA_TOKEN_USAGE_ID;
#endif

mcoda_code everything(mcoda_token_usage *usage, mcoda_options *options, const mcoda_estimate_result *estimate);

mcoda_code everything(mcoda_token_usage *usage, mcoda_options *options, const mcoda_estimate_result *estimate)
{
    if (mcoda_estimate_hours(estimate, LANE) > mcoda_estimate_percent(estimate, MILESTONE)) {
        return mcoda_options_set_bool(options, BOOL_FIELD, true, NULL);
    }
    mcoda_code code = mcoda_token_usage_set_text(usage, text_field, "call-1", NULL);
    return code == MCODA_OK ? mcoda_token_usage_set_int(usage, INT_FIELD, 1, NULL) : code;
}
